#pragma once

#include <string>

#include "nexus/base/clock.h"
#include "nexus/trace/trace_context.h"
#include "nexus/value/value.h"

namespace nexus::trace {

// One step of a trace that has ended, in the terms of OpenTelemetry.
struct Span {
  enum class Kind { kInternal = 1, kServer = 2, kClient = 3 };  // the numbers of OTLP

  std::string trace_id;
  std::string span_id;
  std::string parent_id;  // empty: the trace begins here, or elsewhere
  std::string name;
  Kind kind = Kind::kInternal;
  Clock::Wall start;
  Clock::Wall end;
  value::Object attributes;  // texts, numbers and booleans
  std::string error;         // why it failed; empty when it did not
};

// Takes spans away. Any thread; never blocks, and drops what it has no room for.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void take(Span span) = 0;
};

}  // namespace nexus::trace
