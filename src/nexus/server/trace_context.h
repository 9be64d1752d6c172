#pragma once

#include <optional>
#include <string>
#include <string_view>

// Which distributed trace a request belongs to: the traceparent field of W3C Trace Context, version
// 00. Pure but for the random ids.
namespace nexus::server {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hexadecimal digits, the same along the whole trace
  std::string span_id;   // 16, of one step
  std::string flags = "00";
};

// Nothing for a field that is absent, ill-formed or all zeros: a new trace then begins.
std::optional<TraceContext> parse_traceparent(std::string_view field);

// The step that serves a request: of the trace it came with, else of a new one.
TraceContext next_step(std::string_view traceparent);

std::string to_string(const TraceContext& context);

}  // namespace nexus::server
