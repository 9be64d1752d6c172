#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace nexus::server {

// One connection, HTTP or WebSocket. Lives on the loop. The set below keeps it alive until it has
// ended, so that it survives moments in which no socket operation is under way.
class Session {
 public:
  virtual ~Session() = default;
  // Finishes what is under way, starts nothing new and ends.
  virtual void drain() = 0;
  // The same without waiting for what is under way: says so to the client and ends.
  virtual void hurry() = 0;
  // Ends now: leaves its panel and its set, and closes the socket. Later completions do nothing.
  virtual void abort() = 0;
};

// The open sessions of a server. Loop thread only.
class SessionSet {
 public:
  void add(std::shared_ptr<Session> session);
  // Calls `on_empty` when this was the last. No-op when it is not in the set.
  void remove(Session* session);

  std::size_t size() const { return sessions_.size(); }

  void drain_all();
  void hurry_all();
  void abort_all();

  // From now on called, once, when the set becomes empty; not when it is empty already.
  void on_empty(std::function<void()> task) { on_empty_ = std::move(task); }

 private:
  void for_each(void (Session::*action)());

  std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
  std::function<void()> on_empty_;
};

// How many WebSockets each panel has. Loop thread only.
class SocketCounts {
 public:
  std::size_t of(const std::string& panel) const;
  void add(const std::string& panel) { ++counts_[panel]; }
  void remove(const std::string& panel);

 private:
  std::unordered_map<std::string, std::size_t> counts_;  // no zeros
};

}  // namespace nexus::server
