#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "nexus/value/json.h"
#include "nexus/value/utf8.h"

namespace nexus::value {
namespace {

// Whole numbers up to here print as integers do and are exact in both types.
constexpr double kMaxSafeInteger = 9007199254740991.0;

// The shortest decimal digits that read back as a number, and where the point goes: 0.d1d2... *
// 10^point.
struct Decimal {
  std::array<char, 20> digits;
  int count = 0;
  int point = 0;
};

Decimal shortest_decimal(double positive) {
  std::array<char, 32> text;
  const char* end =
      std::to_chars(text.data(), text.data() + text.size(), positive, std::chars_format::scientific)
          .ptr;
  Decimal decimal;
  const char* at = text.data();
  for (; at != end && *at != 'e'; ++at)
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  decimal.point = exponent + 1;
  return decimal;
}

void append_integer(std::int64_t number, std::string& out) {
  std::array<char, 24> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

// ECMA-262, Number::toString, steps 6 to 12, with its k = count and n = point.
void append_decimal(const Decimal& decimal, std::string& out) {
  const std::string_view digits(decimal.digits.data(), static_cast<std::size_t>(decimal.count));
  const int point = decimal.point;
  if (decimal.count <= point && point <= 21) {
    out.append(digits).append(static_cast<std::size_t>(point - decimal.count), '0');
  } else if (0 < point && point <= 21) {
    const auto whole = static_cast<std::size_t>(point);
    out.append(digits.substr(0, whole)).append(1, '.').append(digits.substr(whole));
  } else if (-6 < point && point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else {
    out.append(digits.substr(0, 1));
    if (decimal.count > 1) out.append(1, '.').append(digits.substr(1));
    out.append(point > 0 ? "e+" : "e-");
    append_integer(std::abs(point - 1), out);
  }
}

// What follows the backslash for the characters JSON.stringify escapes: 'u' for the \u00xx form, 0
// for characters that stay.
char escape_of(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return static_cast<unsigned char>(c) < 0x20 ? 'u' : '\0';
  }
}

void append_escaped(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char escape = escape_of(text[i]);
    if (escape == '\0') continue;
    out.append(text.substr(written, i - written));
    written = i + 1;
    out.push_back('\\');
    out.push_back(escape);
    if (escape == 'u') {
      const auto byte = static_cast<unsigned char>(text[i]);
      out.append("00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  out.append(text.substr(written));
}

void write_list(const List& list, std::string& out) {
  char separator = '[';
  for (const Value& element : list) {
    out.push_back(separator);
    write_json(element, out);
    separator = ',';
  }
  out.append(list.empty() ? "[]" : "]");
}

void write_object(const Object& object, std::string& out) {
  char separator = '{';
  for (const auto& [key, value] : object) {
    out.push_back(separator);
    write_json_string(key, out);
    out.push_back(':');
    write_json(value, out);
    separator = ',';
  }
  out.append(object.empty() ? "{}" : "}");
}

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  write_json(value, out);
  return out;
}

void write_json(const Value& value, std::string& out) {
  switch (value.type()) {
    case Value::Type::kNull:
      out.append("null");
      break;
    case Value::Type::kBoolean:
      out.append(value.boolean() ? "true" : "false");
      break;
    case Value::Type::kNumber:
      write_json_number(value.number(), out);
      break;
    case Value::Type::kString:
      write_json_string(value.string(), out);
      break;
    case Value::Type::kList:
      write_list(value.list(), out);
      break;
    case Value::Type::kObject:
      write_object(value.object(), out);
      break;
  }
}

void write_json_string(std::string_view text, std::string& out) {
  out.push_back('"');
  if (is_valid_utf8(text)) {
    append_escaped(text, out);
  } else {
    append_escaped(replace_invalid_utf8(text), out);
  }
  out.push_back('"');
}

void write_json_number(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out.append("null");
  } else if (std::abs(number) <= kMaxSafeInteger && number == std::trunc(number)) {
    append_integer(static_cast<std::int64_t>(number), out);
  } else {
    if (number < 0) out.push_back('-');
    append_decimal(shortest_decimal(std::abs(number)), out);
  }
}

}  // namespace nexus::value
