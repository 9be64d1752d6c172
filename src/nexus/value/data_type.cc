#include "nexus/value/data_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "nexus/value/decimal_internal.h"
#include "nexus/value/json.h"

namespace nexus::value {
namespace {

constexpr std::array<std::string_view, 5> kWords = {"string", "number", "boolean", "list",
                                                    "object"};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The beginning of `text` in quotes; messages must not grow with the input.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kMaxShown = 40;
  std::size_t end = std::min(text.size(), kMaxShown);
  while (end < text.size() && end > 0 && (text[end] & 0xc0) == 0x80) --end;
  std::string out;
  write_json_string(text.substr(0, end), out);
  return end < text.size() ? out + "..." : out;
}

Error invalid(DataType type, std::string_view found, std::string_view hint = "") {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected {} but found {}{}{}", to_string(type), found,
                           hint.empty() ? "" : ": ", hint)};
}

// The literal of a number, without sign, in `base`; nullopt when it is anything else or out of
// range.
std::optional<double> parse_digits(std::string_view text, int base) {
  if (base != 10) {
    std::uint64_t whole = 0;
    const char* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, whole, base);
    if (status != std::errc() || stop != end) return std::nullopt;
    return static_cast<double>(whole);
  }
  // Keeps out a second sign.
  if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
  return read_decimal(text);
}

// A JavaScript numeric literal with blanks around: decimal with sign, or 0x, 0o and 0b without.
std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (text.size() > 2 && text[0] == '0') {
    switch (text[1]) {
      case 'x':
      case 'X':
        return parse_digits(text.substr(2), 16);
      case 'o':
      case 'O':
        return parse_digits(text.substr(2), 8);
      case 'b':
      case 'B':
        return parse_digits(text.substr(2), 2);
      default:
        break;
    }
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<double> magnitude = parse_digits(text, 10);
  if (!magnitude) return std::nullopt;
  return negative ? -*magnitude : *magnitude;
}

std::optional<bool> parse_boolean(std::string_view text) {
  std::string word(trim(text));
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (word == "true" || word == "yes" || word == "1" || word == "on") return true;
  if (word == "false" || word == "no" || word == "0" || word == "off") return false;
  return std::nullopt;
}

List split_at_commas(std::string_view text) {
  List list;
  while (true) {
    const std::size_t comma = text.find(',');
    list.emplace_back(trim(text.substr(0, comma)));
    if (comma == text.npos) return list;
    text.remove_prefix(comma + 1);
  }
}

Result<Value> text_to_list(std::string_view text) {
  Result<Value> parsed = parse_json(text);
  if (parsed.ok()) {
    if (parsed->is_list()) return parsed;
    return Value(List{std::move(parsed).take()});
  }
  // What starts like JSON was meant to be JSON, so its mistake is the author's to hear about.
  const bool plain = text.find_first_of("[{\"") != 0 && text.find(',') != text.npos;
  if (plain) return Value(split_at_commas(text));
  return invalid(DataType::kList, excerpt(text),
                 text[0] == '[' || text[0] == '{' ? parsed.error().message
                                                  : "write a JSON list or words with commas");
}

Result<Value> text_to_object(std::string_view text) {
  Result<Value> parsed = parse_json(text);
  if (!parsed.ok()) return invalid(DataType::kObject, excerpt(text), parsed.error().message);
  if (!parsed->is_object())
    return invalid(DataType::kObject, fmt::format("a {}", to_string(parsed->type())));
  return parsed;
}

Result<Value> nonblank_text(DataType type, std::string_view text) {
  switch (type) {
    case DataType::kString:
      return Value(text);
    case DataType::kNumber:
      if (const auto number = parse_number(text)) return Value(*number);
      return invalid(type, excerpt(text));
    case DataType::kBoolean:
      if (const auto boolean = parse_boolean(text)) return Value(*boolean);
      return invalid(type, excerpt(text), "write true or false");
    case DataType::kList:
      return text_to_list(trim(text));
    case DataType::kObject:
      return text_to_object(trim(text));
  }
  return invalid(type, excerpt(text));
}

std::string scalar_text(const Value& scalar) {
  if (scalar.is_boolean()) return scalar.boolean() ? "true" : "false";
  std::string out;
  write_json_number(scalar.number(), out);
  return out;
}

bool has_type(DataType type, const Value& value) {
  return to_string(type) == to_string(value.type());
}

std::string describe(const Value& value) {
  if (value.is_string()) return fmt::format("the string {}", excerpt(value.string()));
  if (value.is_number()) return fmt::format("the number {}", scalar_text(value));
  if (value.is_boolean()) return fmt::format("the boolean {}", scalar_text(value));
  return fmt::format("{} {}", value.is_object() ? "an" : "a", to_string(value.type()));
}

}  // namespace

std::string_view to_string(DataType type) { return kWords[static_cast<std::size_t>(type)]; }

std::optional<DataType> parse_data_type(std::string_view word) {
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<DataType>(found - kWords.begin());
}

Value type_default(DataType type) {
  switch (type) {
    case DataType::kString:
      return std::string();
    case DataType::kNumber:
      return 0;
    case DataType::kBoolean:
      return false;
    case DataType::kList:
      return List();
    case DataType::kObject:
      return Object();
  }
  return {};
}

Result<Value> coerce_text(DataType type, std::string_view text) {
  const bool blank = type == DataType::kString ? text.empty() : trim(text).empty();
  return blank ? type_default(type) : nonblank_text(type, text);
}

Result<Value> coerce_value(DataType type, Value value) {
  if (value.is_null()) return type_default(type);
  if (has_type(type, value)) return value;
  const bool scalar = !value.is_list() && !value.is_object();
  if (scalar && type == DataType::kString) return Value(scalar_text(value));
  if (value.is_string() && type == DataType::kNumber) {
    if (const auto number = parse_number(value.string())) return Value(*number);
  }
  if (value.is_string() && type == DataType::kBoolean) {
    if (const auto boolean = parse_boolean(value.string())) return Value(*boolean);
  }
  if (value.is_boolean() && type == DataType::kNumber) return Value(value.boolean() ? 1 : 0);
  if (value.is_number() && type == DataType::kBoolean &&
      (value.number() == 0 || value.number() == 1))
    return Value(value.number() == 1);
  return invalid(type, describe(value));
}

}  // namespace nexus::value
