#include "nexus/trace/otlp_json.h"

#include <cmath>
#include <cstdint>

#include "nexus/value/json.h"

namespace nexus::trace {
namespace {

using value::List;
using value::Object;
using value::Value;

constexpr int kStatusError = 2;
// The largest whole number that a double holds exactly together with all below it.
constexpr double kMaxWhole = 9007199254740992.0;

// 64-bit numbers are texts in the JSON form of protocol buffers.
Value nanoseconds(Clock::Wall time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

Value any_value(const Value& value) {
  if (value.is_boolean()) return Object{{"boolValue", value}};
  if (!value.is_number()) return Object{{"stringValue", value}};
  const double number = value.number();
  if (number == std::floor(number) && std::abs(number) <= kMaxWhole)
    return Object{{"intValue", std::to_string(static_cast<std::int64_t>(number))}};
  return Object{{"doubleValue", number}};
}

List key_values(const Object& attributes) {
  List list;
  for (const auto& [key, value] : attributes)
    list.emplace_back(Object{{"key", key}, {"value", any_value(value)}});
  return list;
}

Value describe(const Span& span) {
  Object object{{"traceId", span.trace_id}, {"spanId", span.span_id}};
  if (!span.parent_id.empty()) object.set("parentSpanId", span.parent_id);
  object.set("name", span.name);
  object.set("kind", static_cast<int>(span.kind));
  object.set("startTimeUnixNano", nanoseconds(span.start));
  object.set("endTimeUnixNano", nanoseconds(span.end));
  object.set("attributes", key_values(span.attributes));
  if (!span.error.empty())
    object.set("status", Object{{"code", kStatusError}, {"message", span.error}});
  return object;
}

}  // namespace

std::string to_otlp_json(const Resource& resource, std::span<const Span> spans) {
  List described;
  for (const Span& span : spans) described.push_back(describe(span));
  const Object sender{{"service.name", resource.service_name},
                      {"service.version", resource.service_version}};
  List scopes{Object{{"scope", Object{{"name", "nexus"}}}, {"spans", std::move(described)}}};
  List resources{Object{{"resource", Object{{"attributes", key_values(sender)}}},
                        {"scopeSpans", std::move(scopes)}}};
  return value::to_json(Object{{"resourceSpans", std::move(resources)}});
}

}  // namespace nexus::trace
