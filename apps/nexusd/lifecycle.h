#pragma once

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "nexus/engine/engine.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/workspace.h"
#include "nexus/server/server.h"

namespace nexusd {

// Ends the server in order, step by step: says that it is not ready, stops accepting, lets requests and runs finish,
// ends what is left, stops the loop (docs/OPERATIONS.md, "Stop"). Lives on the loop.
class Shutdown {
 public:
  // All of them outlive it.
  struct Parts {
    nexus::loop::Loop& loop;
    nexus::server::Server& server;
    nexus::engine::Engine& engine;
    nexus::panel::Workspace& workspace;
  };
  struct Times {
    std::chrono::milliseconds delay;    // between the first two steps
    std::chrono::milliseconds timeout;  // for requests, and for runs
  };

  Shutdown(const Parts& parts, Times times) : parts_(parts), times_(times) {}

  // What a signal asks for: the first begins, the second skips all waiting.
  void next();

 private:
  void stop_server();
  void await_runs();
  void end_runs();

  const Parts parts_;
  const Times times_;
  enum class Step { kRunning, kAnnounced, kStopping, kAwaitingRuns, kEnding } step_ = Step::kRunning;
  bool hurried_ = false;
  std::chrono::steady_clock::time_point deadline_;  // of the runs
  std::unique_ptr<nexus::loop::Timer> timer_;
};

// SIGTERM and SIGINT: the first two call `stop`, the third ends the process at once. SIGHUP calls `reload`. On the
// loop.
class Signals {
 public:
  Signals(nexus::loop::Loop& loop, std::function<void()> stop, std::function<void()> reload);
  // From then on the signals do nothing: what is being flushed must not be cut by one more of them.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void wait();
  void on_signal(int number);

  boost::asio::signal_set signals_;
  const std::function<void()> stop_;
  const std::function<void()> reload_;
  int stops_ = 0;
};

}  // namespace nexusd
