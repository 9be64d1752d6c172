#pragma once

#include <memory>

#include "nexus/base/result.h"
#include "nexus/engine/engine.h"
#include "nexus/loop/loop.h"

namespace nexusd {

// Shows that this server can really run handlers, by running a tiny one again and again through the
// same executor and engine as everybody's. Lives on the loop.
class Canary {
 public:
  // Runs the handler once on this thread, which may enter the sandbox. Error: what went wrong.
  static nexus::Result<void> check(nexus::engine::Engine& engine);

  // Starts to run it every few seconds. What is given outlives the canary.
  Canary(nexus::loop::Loop& loop, nexus::loop::Executor& executor, nexus::engine::Engine& engine);

  // Whether the last run went well and none has been missing for longer than the time between two.
  bool well() const { return state_->well; }

 private:
  struct State {
    bool well = true;
    bool under_way = false;
  };

  void tick();
  void schedule();

  nexus::loop::Loop& loop_;
  nexus::loop::Executor& executor_;
  nexus::engine::Engine& engine_;
  // Shared with the run under way, which may come back when the canary is gone.
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::unique_ptr<nexus::loop::Timer> timer_;
};

}  // namespace nexusd
