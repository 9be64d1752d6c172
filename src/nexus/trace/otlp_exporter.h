#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/trace/otlp_json.h"

namespace nexus::trace {

struct OtlpOptions {
  std::string endpoint;  // of the collector: http(s)://host:port[/prefix]; /v1/traces is appended
  std::vector<std::string> headers;  // "Name: value", sent with each export; may be secret
  Resource resource;
  std::size_t max_waiting = 2048;  // spans; what comes on top is dropped
  std::size_t max_batch = 512;     // spans in one export
  std::chrono::milliseconds interval{1000};  // the longest that a span waits for company
  std::chrono::milliseconds timeout{10'000};  // of one export
  // Told why spans cannot be sent, at most once a minute, on the exporter's thread.
  std::function<void(std::string_view)> on_warning = {};
};

// Sends spans to a collector by OTLP/HTTP with JSON, from a thread of its own. An export that the collector is not ready
// for (no connection, 429, 502, 503, 504: OTLP, "Failures") is repeated a few times, ever later; then its spans are
// dropped.
class OtlpExporter : public SpanSink {
 public:
  // Error kInvalidArgument for an endpoint that is no such URL.
  static Result<std::unique_ptr<OtlpExporter>> create(OtlpOptions options);
  // Sends what waits, once, for at most two seconds.
  ~OtlpExporter() override = default;

  struct Counts {
    std::uint64_t exported = 0;
    std::uint64_t dropped = 0;  // no room, or refused by the collector
  };
  // Any thread.
  virtual Counts counts() const = 0;
};

}  // namespace nexus::trace
