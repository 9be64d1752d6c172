#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/panel/subscription.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// What clients want of one PATCH, which may be nullptr and outlives this. Equal selections share one
// frame.
class PatchSelections {
 public:
  explicit PatchSelections(const Frame& patch) : patch_(patch) {}
  // nullptr when nothing of it is wanted.
  Frame find(const Subscription& wanted);
  std::size_t made() const { return made_.size(); }

 private:
  const Frame& patch_;
  std::vector<std::pair<std::vector<std::size_t>, Frame>> made_;
};

// The clients of one panel and what each wants to hear. A client may attach or detach, itself or
// others, from inside the calls it gets: who attaches then is not sent what is under way. Loop thread
// only.
class Audience {
 public:
  struct Member {
    Client* client;          // nullptr once it has left
    Subscription wanted;     // what it is sent
    Subscription requested;  // what it has asked for last, which takes effect in its turn
  };

  // Announces a client: what is encoded from now on is encoded for it too.
  void expect(Client* client);
  bool expects(const Client* client) const;
  const std::vector<std::shared_ptr<Member>>& expected() const { return expected_; }
  void attach(Client* client);
  // Sends the client nothing more until it is attached again.
  void suspend(Client* client);
  void detach(Client* client);

  // Attached or expected; nullptr for others.
  std::shared_ptr<Member> find(const Client* client) const;
  // Whether somebody, attached or expected, takes this kind of patches.
  bool takes(bool patches) const;

  // Sends to everyone attached, whatever they want: a new CONNECTED.
  void send(const Frame& frame);
  // Sends to everyone attached who wants the topic; kEvents or kView.
  void send(Topic topic, const Frame& frame);
  // Sends everyone attached what they want of a PATCH in two forms, with whole keys and with
  // patches. Who takes a form that is nullptr gets none. How many selections were made of them.
  std::size_t send_patch(const Frame& whole, const Frame& patches);
  // Closes and forgets everyone.
  void close_all(std::uint16_t code, std::string_view reason);

  bool empty() const { return size_ == 0 && expected_.empty(); }
  std::size_t size() const { return size_; }

 private:
  template <typename Visit>
  void for_each(const Visit& visit);
  void forget(const Client* client);

  std::vector<std::shared_ptr<Member>> members_;
  std::vector<std::shared_ptr<Member>> expected_;
  std::size_t size_ = 0;     // members that are still here
  std::size_t walking_ = 0;  // for_each() calls under way
};

}  // namespace nexus::panel
