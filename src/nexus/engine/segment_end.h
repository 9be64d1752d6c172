#pragma once

#include "nexus/engine/handler_run.h"
#include "nexus/engine/outcome.h"
#include "nexus/sandbox/instance.h"

namespace nexus::engine {

// What a segment comes to, from how the guest came back and what it said and did: an error without
// effects, the end of the run, or kSuspended with the open calls. Figures and denials are left to the caller.
Outcome conclude(const HandlerRun& run, const sandbox::Exit& exit, HandlerRun::Segment segment);

// An outcome that has failed with `error` and done nothing.
Outcome failed(RunError error, std::string run_id);

}  // namespace nexus::engine
