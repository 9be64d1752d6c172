#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "nexus/base/check.h"
#include "nexus/nxml/expression.h"
#include "nexus/nxml/nxml.h"
#include "nexus/value/json.h"
#include "nexus/value/utf8.h"

// The NXML reader and the expression parser on hostile bytes. Oracles:
// - there is a document exactly when no diagnostic is an error;
// - every diagnostic points into the text, is one line long, and their number is bounded;
// - the document's and the expression's JSON parse;
// - a second reading gives the same answer;
// - formatting what was formatted changes nothing, and a good document stays one.
namespace {

using nexus::nxml::Diagnostic;
using nexus::nxml::ParseResult;

// Trees are bounded in depth by the parser, but deeper than what travels as a value.
constexpr nexus::value::ValueLimits kTreeLimits{4096, 256 * 1024 * 1024};

void check_json(const std::string& json) {
  NX_CHECK(nexus::value::parse_json(json, kTreeLimits).ok());
}

void check_diagnostics(const ParseResult& result, std::string_view text) {
  const nexus::nxml::ReadLimits limits;
  const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  NX_CHECK(result.diagnostics.size() <= static_cast<std::size_t>(limits.diagnostics) + 1);
  bool has_error = false;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    has_error = has_error || diagnostic.severity == nexus::nxml::Severity::kError;
    const nexus::Location& at = diagnostic.span.start;
    NX_CHECK(at.line >= 1 && at.line <= lines);
    NX_CHECK(at.column >= 1 && at.column <= static_cast<int>(text.size()) + 1);
    NX_CHECK(format(diagnostic, "f").find('\n') == std::string::npos);
  }
  NX_CHECK(has_error == (result.document == nullptr));
}

void check_document(std::string_view text) {
  const ParseResult result = nexus::nxml::parse(text);
  check_diagnostics(result, text);
  const std::string diagnostics = to_json(result.diagnostics);
  check_json(diagnostics);
  const ParseResult again = nexus::nxml::parse(text);
  NX_CHECK(to_json(again.diagnostics) == diagnostics);
  if (!result.document) return;
  const std::string json = to_json(*result.document);
  check_json(json);
  NX_CHECK(to_json(*again.document) == json);
}

void check_formatting(std::string_view text) {
  const nexus::nxml::Formatted once = nexus::nxml::reformat(text);
  NX_CHECK(once.text.has_value() == once.diagnostics.empty());
  if (!once.text) return;
  // Line breaks may take the document over its limits.
  const nexus::nxml::Formatted twice = nexus::nxml::reformat(*once.text);
  if (once.text->size() > nexus::nxml::ReadLimits().bytes) return;
  NX_CHECK(twice.text == once.text);
  const bool was_good = nexus::nxml::parse(text).document != nullptr;
  NX_CHECK((nexus::nxml::parse(*once.text).document != nullptr) == was_good);
}

void check_expression(std::string_view text) {
  nexus::Arena arena;
  nexus::nxml::ExpressionError error;
  const auto* expression = nexus::nxml::parse_expression(text, 0, arena, error);
  NX_CHECK((expression == nullptr) == !error.message.empty());
  if (!expression) return;
  std::string json;
  write_json(*expression, json);
  // The reader refuses text that is not UTF-8 before any expression is parsed.
  if (nexus::value::is_valid_utf8(text)) check_json(json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_document(text);
  check_formatting(text);
  check_expression(text);
  return 0;
}
