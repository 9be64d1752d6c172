#pragma once

#include <functional>
#include <string>

#include "nexus/base/result.h"
#include "nexus/engine/engine.h"
#include "nexus/replay/recording.h"

namespace nexus::replay {

// The limits of an engine that can run the recording again: those of the run, with time to spare, since
// a slower machine is no difference.
engine::Limits playing_limits(const Recording& recording);

// Runs a recording again, from the same text with the same answers, and tells step by step what it does:
// a line of text at a time. True when it did what is recorded, to the last bit; a run that ended for want
// of time has to end so again, wherever it was. Error kBadRequest: it cannot be run, for example because
// it was recorded by another guest build. Blocks; the thread may enter the sandbox.
Result<bool> play(engine::Engine& engine, const Recording& recording,
                  const std::function<void(const std::string&)>& tell);

}  // namespace nexus::replay
