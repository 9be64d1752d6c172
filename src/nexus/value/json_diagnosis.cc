#include "nexus/value/json_diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "nexus/value/decimal_internal.h"
#include "nexus_msgpack.h"

namespace nexus::value {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A recursive descent that stops at the first fault; every function returns false once there is
// one.
class Diagnosis {
 public:
  Diagnosis(std::string_view text, std::size_t depth) : text_(text), depth_(depth) {}

  std::optional<Error> run() {
    if (value()) {
      skip_space();
      if (at_ != text_.size()) expected("the end");
    }
    return std::move(error_);
  }

 private:
  bool value() {
    skip_space();
    switch (peek()) {
      case '[':
        return nested(']', [this] { return value(); });
      case '{':
        return nested('}', [this] { return member(); });
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return peek() == '-' || is_digit(peek()) ? number() : expected("a value");
    }
  }

  template <typename Item>
  bool nested(char close, const Item& item) {
    if (open_ == depth_) return too_deep();
    ++open_;
    ++at_;
    skip_space();
    if (peek() != close) {
      if (!item()) return false;
      for (skip_space(); peek() == ','; skip_space()) {
        ++at_;
        if (!item()) return false;
      }
      if (peek() != close) return expected(close == ']' ? "',' or ']'" : "',' or '}'");
    }
    ++at_;
    --open_;
    return true;
  }

  bool member() {
    skip_space();
    if (peek() != '"') return expected("a key in double quotes");
    if (!string()) return false;
    skip_space();
    if (peek() != ':') return expected("':'");
    ++at_;
    return value();
  }

  bool word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return expected(fmt::format("\"{}\"", word));
    at_ += word.size();
    return true;
  }

  bool number() {
    const std::size_t start = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.' && (++at_, !digits())) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return false;
    }
    if (read_decimal(text_.substr(start, at_ - start))) return true;
    return fail(start, "the number is beyond the range of 64-bit floating point");
  }

  bool digits() {
    if (!is_digit(peek())) return expected("a digit");
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool string() {
    for (++at_; at_ < text_.size();) {
      const auto* here = reinterpret_cast<const std::uint8_t*>(text_.data()) + at_;
      if (*here == '"') {
        ++at_;
        return true;
      }
      if (*here == '\\') {
        if (!escape()) return false;
        continue;
      }
      if (*here < 0x20) return fail(at_, "a control character in a string must be escaped");
      const std::size_t length = nx_mp_utf8_sequence(here, text_.size() - at_);
      if (length == 0) return fail(at_, "the string is not valid UTF-8");
      at_ += length;
    }
    return expected("'\"' at the end of the string");
  }

  bool escape() {
    const std::size_t start = at_++;
    if (peek() != 'u') {
      if (peek() == '\0' || std::string_view("\"\\/bfnrt").find(peek()) == std::string_view::npos)
        return expected("an escape such as \\n or \\u0041");
      ++at_;
      return true;
    }
    const std::optional<unsigned> unit = code_unit();
    if (!unit) return false;
    if (*unit < 0xd800 || *unit > 0xdfff) return true;
    if (*unit < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      ++at_;
      const std::optional<unsigned> second = code_unit();
      if (!second) return false;
      if (*second >= 0xdc00 && *second <= 0xdfff) return true;
    }
    return fail(start, "the escape is half of a surrogate pair");
  }

  // The four hexadecimal digits after the 'u' at at_.
  std::optional<unsigned> code_unit() {
    unsigned unit = 0;
    ++at_;
    for (const std::size_t end = at_ + 4; at_ < end; ++at_) {
      const char digit = peek();
      unsigned nibble = 0;
      if (std::from_chars(&digit, &digit + 1, nibble, 16).ec != std::errc()) {
        expected("a hexadecimal digit");
        return std::nullopt;
      }
      unit = unit << 4 | nibble;
    }
    return unit;
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  // The byte at at_, or NUL at the end: no NUL is legal anywhere.
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool expected(std::string_view what) {
    std::string found = "the end";
    if (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      found = byte >= 0x20 && byte < 0x7f ? fmt::format("'{}'", text_[at_])
                                          : fmt::format("the byte 0x{:02x}", byte);
    }
    return fail(at_, fmt::format("expected {} but found {}", what, found));
  }

  bool fail(std::size_t offset, std::string_view message) {
    error_ =
        Error{ErrorCode::kParseError, fmt::format("invalid JSON at byte {}: {}", offset, message)};
    return false;
  }

  bool too_deep() {
    error_ = Error{ErrorCode::kPayloadTooLarge,
                   fmt::format("the JSON text nests deeper than the {} levels allowed, at byte {}",
                               depth_, at_)};
    return false;
  }

  const std::string_view text_;
  const std::size_t depth_;
  std::size_t at_ = 0;
  std::size_t open_ = 0;
  std::optional<Error> error_;
};

}  // namespace

std::optional<Error> diagnose_json(std::string_view text, std::size_t depth) {
  return Diagnosis(text, depth).run();
}

}  // namespace nexus::value
