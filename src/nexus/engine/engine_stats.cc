#include "nexus/engine/engine_stats.h"

#include <algorithm>

#include "nexus/sandbox/host_calls.h"

namespace nexus::engine {

// Every known label is there from the start, so that a rate over it is never missing.
EngineStats::EngineStats() {
  for (std::size_t i = 0; i < sandbox::kHostFunctionCount; ++i)
    stats_.host_calls.emplace(to_string(static_cast<sandbox::HostFunction>(i)), 0);
#define NX_ERROR_CODE(enumerator, wire, status) stats_.errors.emplace(wire, 0);
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
}

void EngineStats::record_compilation(bool cache_hit) {
  const std::lock_guard lock(mutex_);
  ++(cache_hit ? stats_.cache_hits : stats_.cache_misses);
}

void EngineStats::record(const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  ++stats_.segments;
  stats_.suspensions += outcome.new_suspensions.size();
  stats_.total_run_us += static_cast<std::uint64_t>(outcome.metrics.duration_us);
  stats_.peak_memory_bytes = std::max(stats_.peak_memory_bytes, outcome.metrics.memory_peak_bytes);
  if (outcome.status == Status::kSuspended) return;
  ++(outcome.status == Status::kSuccess ? stats_.runs_success : stats_.runs_error);
  if (outcome.error) ++stats_.errors[std::string(to_string(outcome.error->code))];
  // Counts are those of the whole run: added once, when it has ended.
  for (const auto& [name, count] : outcome.metrics.host_calls) stats_.host_calls[name] += count;
}

Stats EngineStats::read() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace nexus::engine
