#pragma once

#include <optional>
#include <string>
#include <string_view>

// Which distributed trace a step belongs to: the traceparent field of W3C Trace Context, version 00.
// Pure but for the random ids.
namespace nexus::trace {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hexadecimal digits, the same along the whole trace
  std::string span_id;   // 16, of one step
  std::string flags = "00";
  std::string parent_id = {};  // the span_id of the step before; empty when the trace begins here

  bool sampled() const;  // whether whoever began the trace wants its steps recorded
};

// Nothing for a field that is absent, ill-formed or all zeros: a new trace then begins.
std::optional<TraceContext> parse_traceparent(std::string_view field);

// The step that serves a request: of the trace it came with, else of a new one, which is sampled if
// `sample_new`.
TraceContext next_step(std::string_view traceparent, bool sample_new);
// The step that `context` leads to; the first of a new trace when that is empty.
TraceContext next_step(const TraceContext& context, bool sample_new);

// A sampled trace without a step yet: those that follow from it have no parent.
TraceContext new_trace();

std::string to_string(const TraceContext& context);

}  // namespace nexus::trace
