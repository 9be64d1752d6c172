#include "nexus/trace/trace_context.h"

#include <algorithm>

#include "nexus/base/random.h"

namespace nexus::trace {
namespace {

constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanDigits = 16;
constexpr std::size_t kFlagDigits = 2;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text, std::size_t digits) {
  return text.size() == digits && is_hex(text) && text.find_first_not_of('0') != text.npos;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view field) {
  constexpr std::size_t kTrace = 3, kSpan = kTrace + kTraceDigits + 1,
                        kFlags = kSpan + kSpanDigits + 1, kLength = kFlags + kFlagDigits;
  if (field.size() < kLength || field[2] != '-' || field[kSpan - 1] != '-' ||
      field[kFlags - 1] != '-')
    return std::nullopt;
  const std::string_view version = field.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  // Later versions may only append to this one.
  const bool appended = field.size() > kLength && version != "00" && field[kLength] == '-';
  if (field.size() != kLength && !appended) return std::nullopt;
  TraceContext context{std::string(field.substr(kTrace, kTraceDigits)),
                       std::string(field.substr(kSpan, kSpanDigits)),
                       std::string(field.substr(kFlags, kFlagDigits))};
  if (!is_id(context.trace_id, kTraceDigits) || !is_id(context.span_id, kSpanDigits) ||
      !is_hex(context.flags))
    return std::nullopt;
  return context;
}

bool TraceContext::sampled() const {
  return !flags.empty() && std::string_view("13579bdf").find(flags.back()) != std::string_view::npos;
}

TraceContext next_step(std::string_view traceparent, bool sample_new) {
  return next_step(parse_traceparent(traceparent).value_or(TraceContext{}), sample_new);
}

TraceContext next_step(const TraceContext& context, bool sample_new) {
  if (context.trace_id.empty())
    return {random_hex(kTraceDigits), random_hex(kSpanDigits), sample_new ? "01" : "00"};
  return {context.trace_id, random_hex(kSpanDigits), context.flags, context.span_id};
}

TraceContext new_trace() { return {random_hex(kTraceDigits), {}, "01"}; }

std::string to_string(const TraceContext& context) {
  return "00-" + context.trace_id + '-' + context.span_id + '-' + context.flags;
}

}  // namespace nexus::trace
