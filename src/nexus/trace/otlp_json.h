#pragma once

#include <span>
#include <string>

#include "nexus/trace/span.h"

namespace nexus::trace {

// Who sends the spans.
struct Resource {
  std::string service_name;
  std::string service_version;
};

// The body of one export: OTLP 1.x, ExportTraceServiceRequest in its JSON form (opentelemetry-proto, "OTLP/HTTP").
std::string to_otlp_json(const Resource& resource, std::span<const Span> spans);

}  // namespace nexus::trace
