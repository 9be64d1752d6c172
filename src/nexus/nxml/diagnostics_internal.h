#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/nxml/ast.h"
#include "nexus/nxml/locator.h"

namespace nexus::nxml {

// The codes of diagnostics; those of reference.md section 2.7 first, then ours.
inline constexpr std::string_view kParseError = "PARSE_ERROR";
inline constexpr std::string_view kSchemaError = "SCHEMA_ERROR";
inline constexpr std::string_view kInvalidIdentifier = "INVALID_IDENTIFIER";
inline constexpr std::string_view kInvalidType = "INVALID_TYPE";
inline constexpr std::string_view kMissingRequired = "MISSING_REQUIRED";
inline constexpr std::string_view kDuplicateState = "DUPLICATE_STATE";
inline constexpr std::string_view kDuplicateTool = "DUPLICATE_TOOL";
inline constexpr std::string_view kDuplicateViewId = "DUPLICATE_VIEW_ID";
inline constexpr std::string_view kDuplicateExtensionAlias = "DUPLICATE_EXTENSION_ALIAS";
inline constexpr std::string_view kDuplicateLifecycle = "DUPLICATE_LIFECYCLE";
inline constexpr std::string_view kUndefinedState = "UNDEFINED_STATE_REFERENCE";
inline constexpr std::string_view kUndefinedTool = "UNDEFINED_TOOL_REFERENCE";
inline constexpr std::string_view kInvalidScope = "INVALID_SCOPE_REFERENCE";
inline constexpr std::string_view kUnusedState = "UNUSED_STATE";
inline constexpr std::string_view kUnusedTool = "UNUSED_TOOL";
inline constexpr std::string_view kNoMount = "NO_MOUNT_WITH_EXTENSIONS";
inline constexpr std::string_view kDuplicateArg = "DUPLICATE_ARG";
inline constexpr std::string_view kDuplicateAttribute = "DUPLICATE_ATTRIBUTE";
inline constexpr std::string_view kDuplicateHandler = "DUPLICATE_HANDLER";
inline constexpr std::string_view kInvalidCapability = "INVALID_CAPABILITY";
inline constexpr std::string_view kIgnoredText = "IGNORED_TEXT";
inline constexpr std::string_view kInvalidArgument = "INVALID_ARGUMENT";
inline constexpr std::string_view kInvalidTrigger = "INVALID_TRIGGER";
inline constexpr std::string_view kInvalidExpression = "INVALID_EXPRESSION";
inline constexpr std::string_view kInvalidBinding = "INVALID_BINDING";
inline constexpr std::string_view kComputedCycle = "COMPUTED_CYCLE";
inline constexpr std::string_view kUnknownAttribute = "UNKNOWN_ATTRIBUTE";
inline constexpr std::string_view kUnknownComponent = "UNKNOWN_COMPONENT";
inline constexpr std::string_view kTooManyDiagnostics = "TOO_MANY_DIAGNOSTICS";

// Collects what is wrong with one document and stays small whatever the document is.
class Diagnostics {
 public:
  // `text`: the document's, in which places are counted; outlives this. `limit`: the most entries that take()
  // returns, its closing note not counted.
  Diagnostics(std::string_view text, int limit) : locator_(text), limit_(static_cast<std::size_t>(limit)) {}

  void error(std::string_view code, const Span& span, std::string message);
  void error(std::string_view code, Range range, std::string message);
  void error(std::string_view code, std::uint32_t at, std::string message);  // about one character
  void warning(std::string_view code, const Span& span, std::string message);
  void warning(std::string_view code, Range range, std::string message);
  void warning(std::string_view code, std::uint32_t at, std::string message);

  // Where a piece of the text stands.
  Span locate(Range range) { return locator_.span(range); }
  Location locate(std::uint32_t at) { return locator_.at(at); }

  // False once another entry of this severity would only be counted: the caller may save itself
  // costly messages, but must still report.
  bool wants(Severity severity) const;
  bool has_errors() const { return error_count_ > 0; }

  // Everything in order of position; past the limit errors outlive warnings, and a note says how
  // many entries were left out.
  std::vector<Diagnostic> take();

 private:
  Span character_at(std::uint32_t at);

  Locator locator_;
  std::size_t limit_;
  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
  std::size_t error_count_ = 0;
  std::size_t warning_count_ = 0;
};

// The pieces one after the other.
std::string cat(std::initializer_list<std::string_view> pieces);

// `text` in single quotes, on one line and cut at 40 code points: author's text inside a message.
std::string quote(std::string_view text);

// "; did you mean 'x'?" with the candidate closest() to `word`, or "" when none is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace nexus::nxml
