#include <algorithm>
#include <iterator>
#include <utility>

#include "nexus/base/closest.h"
#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/nxml.h"
#include "nexus/value/json.h"

namespace nexus::nxml {
namespace {

constexpr std::size_t kShownCodePoints = 40;

bool stands_before(const Diagnostic& a, const Diagnostic& b) {
  const Location& x = a.span.start;
  const Location& y = b.span.start;
  return x.line != y.line ? x.line < y.line : x.column < y.column;
}

std::string_view word(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

void write_field(std::string_view name, int number, std::string& out) {
  out += cat({",\"", name, "\":", std::to_string(number)});
}

void write_json(const Diagnostic& diagnostic, std::string& out) {
  out += cat({"{\"severity\":\"", word(diagnostic.severity), "\",\"code\":"});
  value::write_json_string(diagnostic.code, out);
  out += ",\"message\":";
  value::write_json_string(diagnostic.message, out);
  write_field("line", diagnostic.span.start.line, out);
  write_field("column", diagnostic.span.start.column, out);
  write_field("endLine", diagnostic.span.end.line, out);
  write_field("endColumn", diagnostic.span.end.column, out);
  out += '}';
}

}  // namespace

Span Diagnostics::character_at(std::uint32_t at) {
  const Location start = locator_.at(at);
  return {start, {start.line, start.column + 1}};
}

void Diagnostics::error(std::string_view code, const Span& span, std::string message) {
  if (wants(Severity::kError))
    errors_.push_back({Severity::kError, std::string(code), std::move(message), span});
  ++error_count_;
}

void Diagnostics::error(std::string_view code, Range range, std::string message) {
  error(code, wants(Severity::kError) ? locate(range) : Span(), std::move(message));
}

void Diagnostics::error(std::string_view code, std::uint32_t at, std::string message) {
  error(code, wants(Severity::kError) ? character_at(at) : Span(), std::move(message));
}

void Diagnostics::warning(std::string_view code, const Span& span, std::string message) {
  if (wants(Severity::kWarning))
    warnings_.push_back({Severity::kWarning, std::string(code), std::move(message), span});
  ++warning_count_;
}

void Diagnostics::warning(std::string_view code, Range range, std::string message) {
  warning(code, wants(Severity::kWarning) ? locate(range) : Span(), std::move(message));
}

void Diagnostics::warning(std::string_view code, std::uint32_t at, std::string message) {
  warning(code, wants(Severity::kWarning) ? character_at(at) : Span(), std::move(message));
}

bool Diagnostics::wants(Severity severity) const {
  return (severity == Severity::kError ? errors_ : warnings_).size() < limit_;
}

std::vector<Diagnostic> Diagnostics::take() {
  const std::size_t room = limit_ - std::min(limit_, errors_.size());
  std::stable_sort(warnings_.begin(), warnings_.end(), stands_before);
  if (warnings_.size() > room) warnings_.resize(room);

  std::vector<Diagnostic> all = std::move(errors_);
  std::move(warnings_.begin(), warnings_.end(), std::back_inserter(all));
  std::stable_sort(all.begin(), all.end(), stands_before);
  const std::size_t left_out = error_count_ + warning_count_ - all.size();
  if (left_out > 0) {
    const Span last = all.empty() ? Span{{1, 1}, {1, 1}} : all.back().span;
    all.push_back({Severity::kWarning, std::string(kTooManyDiagnostics),
                   cat({std::to_string(left_out), " more were found and left out; the limit is ",
                        std::to_string(limit_)}),
                   last});
  }
  return all;
}

std::string cat(std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

std::string quote(std::string_view text) {
  std::string out = "'";
  std::size_t shown = 0;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80 && shown++ == kShownCodePoints) return out + "...'";
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return out + "'";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view found = closest(word, candidates);
  return found.empty() ? std::string() : cat({"; did you mean ", quote(found), "?"});
}

std::string format(const Diagnostic& diagnostic, std::string_view file) {
  const Location& at = diagnostic.span.start;
  return cat({file, file.empty() ? "" : ":", std::to_string(at.line), ":",
              std::to_string(at.column), ": ", word(diagnostic.severity), " ", diagnostic.code,
              ": ", diagnostic.message});
}

std::string to_json(const std::vector<Diagnostic>& diagnostics) {
  std::string out = "[";
  for (const Diagnostic& diagnostic : diagnostics) {
    if (out.size() > 1) out += ',';
    write_json(diagnostic, out);
  }
  return out + "]";
}

}  // namespace nexus::nxml
