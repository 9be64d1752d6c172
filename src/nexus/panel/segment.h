#pragma once

#include <functional>
#include <memory>

#include "nexus/engine/engine.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/panel_state.h"
#include "nexus/panel/run_queue.h"
#include "nexus/replay/recorder.h"

namespace nexus::panel {

// Where segments run and where their outcomes go; outlives every segment.
struct SegmentHost {
  loop::Loop& loop;
  loop::Executor& executor;
  engine::Engine& engine;
  replay::Recorder* recorder = nullptr;  // writes every segment down
  // Told of each segment, also when its panel and workspace are gone; may be empty.
  std::function<void(const SegmentReport&)> on_segment = {};
  // Whose segments they are.
  std::string panel = {}, owner = {};
};

// Called on the loop with what a segment did.
using SegmentDone = std::function<void(engine::Outcome)>;

// Hands one start or resume to the executor. `state` stays unchanged until `done`, which runs once
// on the loop. False when the executor has no room; `turn` is then as it was.
bool submit_segment(const SegmentHost& host, std::shared_ptr<const PanelState> state, Turn& turn,
                    SegmentDone done);

// Called on the loop with what a write changes, computed values included.
using WriteDone = std::function<void(Result<std::vector<engine::Mutation>>)>;

// The same for a write that computed values depend on. Error kInvalidArgument when it does not fit.
bool submit_write(const SegmentHost& host, std::shared_ptr<const PanelState> state,
                  const SetRequest& write, WriteDone done);

}  // namespace nexus::panel
