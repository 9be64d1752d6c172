#include "nexus/engine/script_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "nexus/value/msgpack.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using value::Value;

constexpr std::string_view kFile = "handler:";
constexpr std::size_t kMaxMessageBytes = 4096;
constexpr std::size_t kMaxStackBytes = 8192;
constexpr int kSnippetRadius = 2;
constexpr int kMaxPosition = 100'000'000;

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return lines;
    start = end + 1;
  }
}

int code_points(std::string_view text) {
  return static_cast<int>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// A position in the wrapped text -> in the author's file. What lies after the author's last line (an
// unclosed brace, for example) is reported at its end.
Location to_author(int line, int column, const HandlerSource& source,
                   const std::vector<std::string_view>& lines) {
  int own = line;
  if (own == 1) column = std::max(column - NX_HEAD_COLUMNS, 1);
  // Without the text, as for precompiled handlers, there is no end to be known.
  if (!source.text.empty() && own > static_cast<int>(lines.size())) {
    own = static_cast<int>(lines.size());
    column = code_points(lines.back()) + 1;
  }
  return {source.start.line + own - 1, own == 1 ? source.start.column + column - 1 : column};
}

// Reads "<line>:<column>" at the start of `text`; the number of characters read, 0 when it is not there.
std::size_t read_position(std::string_view text, int& line, int& column) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, line);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, column);
  if (second.ec != std::errc()) return 0;
  // The text is the handler's: it may claim anything.
  if (line < 1 || line > kMaxPosition || column < 1 || column > kMaxPosition) return 0;
  return static_cast<std::size_t>(second.ptr - text.data());
}

// Rewrites every "handler:L:C" of a stack to the author's position and reports the first.
std::string translate_stack(std::string_view stack, const HandlerSource& source,
                            std::optional<Location>& first) {
  const auto lines = split_lines(source.text);
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t found = stack.find(kFile, at);
    if (found == std::string_view::npos) break;
    const std::size_t position = found + kFile.size();
    out += stack.substr(at, position - at);
    at = position;
    int line = 0;
    int column = 0;
    const std::size_t read = read_position(stack.substr(position), line, column);
    if (read == 0) continue;
    const Location location = to_author(line, column, source, lines);
    if (!first) first = location;
    out += fmt::format("{}:{}", location.line, location.column);
    at += read;
  }
  out += stack.substr(std::min(at, stack.size()));
  return out;
}

// At most `limit` bytes of `text`, not ending in the middle of a character.
std::string_view prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

std::string text_member(const Value& report, std::string_view name, std::size_t limit) {
  const Value* const member = report.find(name);
  if (member == nullptr || !member->is_string()) return {};
  return std::string(prefix(member->string(), limit));
}

// Codes that a thrown error may carry into the result. Limits are not among them: a handler cannot claim to
// have met one.
ErrorCode code_of(std::string_view code) {
  switch (const auto parsed = parse_error_code(code); parsed.value_or(ErrorCode::kExecutionError)) {
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kStateError:
    case ErrorCode::kSerializationError:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kExtensionNotFound:
    case ErrorCode::kMethodNotFound:
    case ErrorCode::kExtensionError:
    case ErrorCode::kResourceLimit:
      return *parsed;
    default:
      return ErrorCode::kExecutionError;
  }
}

}  // namespace

std::string make_snippet(const HandlerSource& source, Location location, int& line_in_snippet) {
  const auto lines = split_lines(source.text);
  const int own = std::clamp(location.line - source.start.line, 0, static_cast<int>(lines.size()) - 1);
  const int from = std::max(own - kSnippetRadius, 0);
  const int to = std::min(own + kSnippetRadius, static_cast<int>(lines.size()) - 1);
  std::string text;
  for (int i = from; i <= to; ++i) {
    const std::string_view line = lines[static_cast<std::size_t>(i)];
    text += fmt::format("{}{:4} | {}\n", i == own ? '>' : ' ', source.start.line + i, prefix(line, 200));
  }
  line_in_snippet = own - from + 1;
  return text;
}

std::string author_stack(std::string_view stack, Location start) {
  std::optional<Location> first;
  return translate_stack(stack, {{}, start}, first);
}

RunError describe_exception(std::string_view report, const HandlerSource& source) {
  RunError error;
  auto decoded = value::decode_msgpack(std::as_bytes(std::span(report.data(), report.size())));
  if (!decoded.ok() || !decoded->is_object()) {
    error.message = "the handler failed and did not say why";
    return error;
  }
  const Value& map = decoded.value();
  error.name = text_member(map, "name", 128);
  error.message = text_member(map, "message", kMaxMessageBytes);
  if (error.message.empty()) error.message = text_member(map, "text", kMaxMessageBytes);
  if (error.message.empty()) error.message = error.name.empty() ? "something was thrown" : error.name;
  error.code = code_of(text_member(map, "code", 64));
  error.stack = translate_stack(text_member(map, "stack", kMaxStackBytes), source, error.location);
  if (error.location && !source.text.empty()) error.snippet = make_snippet(source, *error.location, error.snippet_line);
  return error;
}

}  // namespace nexus::engine
