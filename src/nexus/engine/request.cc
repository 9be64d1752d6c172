#include "nexus/engine/request.h"

#include <algorithm>

namespace nexus::engine {

Limits lower_of(const Limits& a, const Limits& b) {
  Limits limits;
  limits.timeout = std::min(a.timeout, b.timeout);
  limits.memory_bytes = std::min(a.memory_bytes, b.memory_bytes);
  limits.host_calls = std::min(a.host_calls, b.host_calls);
  limits.state_mutations = std::min(a.state_mutations, b.state_mutations);
  limits.events = std::min(a.events, b.events);
  limits.view_commands = std::min(a.view_commands, b.view_commands);
  limits.log_lines = std::min(a.log_lines, b.log_lines);
  limits.suspensions_in_flight = std::min(a.suspensions_in_flight, b.suspensions_in_flight);
  limits.promise_jobs = std::min(a.promise_jobs, b.promise_jobs);
  limits.payload.depth = std::min(a.payload.depth, b.payload.depth);
  limits.payload.bytes = std::min(a.payload.bytes, b.payload.bytes);
  limits.total_bytes = std::min(a.total_bytes, b.total_bytes);
  return limits;
}

}  // namespace nexus::engine
