#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nexus::nxml {

// What a byte may be; one look-up instead of a row of comparisons.
enum class CharClass : std::uint16_t {
  kSpace = 1,
  kDigit = 2,
  kLetter = 4,
  kIdentifierStart = 8,  // letters, '_' and '$'
  kIdentifier = 16,      // those and digits
  kTagName = 32,         // identifiers, '-' and ':'; the colon is there for bind:name and on:name
  kExpressionName = 64,  // identifiers and everything beyond ASCII
  kPunctuator = 128,     // starts a punctuator of JavaScript
  kPunctuatorRest = 256,  // comes second or later in one
  kBracing = 512,         // decides where braces, strings and templates of JavaScript end
  kExpressionStart = 1024,  // as kExpressionName, but no digit
};

namespace internal {
constexpr std::array<std::uint16_t, 256> classify() {
  std::array<std::uint16_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto is = [&](CharClass what, bool holds) {
      if (holds) classes[byte] |= static_cast<std::uint16_t>(what);
    };
    const auto is_one_of = [&](std::string_view bytes) {
      return bytes.find(static_cast<char>(byte)) != std::string_view::npos;
    };
    const bool digit = byte >= '0' && byte <= '9';
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool starts = letter || byte == '_' || byte == '$';
    is(CharClass::kSpace, is_one_of(" \t\n\r"));
    is(CharClass::kDigit, digit);
    is(CharClass::kLetter, letter);
    is(CharClass::kIdentifierStart, starts);
    is(CharClass::kIdentifier, starts || digit);
    is(CharClass::kTagName, starts || digit || byte == '-' || byte == ':');
    is(CharClass::kExpressionName, starts || digit || byte >= 0x80);
    is(CharClass::kExpressionStart, starts || byte >= 0x80);
    is(CharClass::kPunctuator, is_one_of("{}()[].;,<>+-*/%&|^!~?:=@"));
    is(CharClass::kPunctuatorRest, is_one_of(".<>+-*&|?="));
    is(CharClass::kBracing, is_one_of("{}\"'`$\\"));
  }
  return classes;
}
inline constexpr std::array<std::uint16_t, 256> kClasses = classify();
}  // namespace internal

inline bool has_class(char c, CharClass what) {
  return (internal::kClasses[static_cast<unsigned char>(c)] & static_cast<std::uint16_t>(what)) != 0;
}

inline bool is_space(char c) { return has_class(c, CharClass::kSpace); }
inline bool is_digit(char c) { return has_class(c, CharClass::kDigit); }
inline bool is_letter(char c) { return has_class(c, CharClass::kLetter); }
inline bool is_identifier_start(char c) { return has_class(c, CharClass::kIdentifierStart); }
inline bool is_identifier_part(char c) { return has_class(c, CharClass::kIdentifier); }
inline bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// As a == b; faster for names, which are short and most often equal when their lengths are.
inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto same_at = [&]<typename Word>(Word, std::size_t at) {
    Word x;
    Word y;
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    return x == y;
  };
  const std::size_t size = a.size();
  // The first and the last bytes; between them they cover the whole.
  if (size >= 4 && size <= 8)
    return same_at(std::uint32_t(), 0) && same_at(std::uint32_t(), size - sizeof(std::uint32_t));
  if (size > 8 && size <= 16)
    return same_at(std::uint64_t(), 0) && same_at(std::uint64_t(), size - sizeof(std::uint64_t));
  if (size > 16) return a == b;
  if (size >= 2) return same_at(std::uint16_t(), 0) && same_at(std::uint16_t(), size - sizeof(std::uint16_t));
  return size == 0 || a[0] == b[0];
}

// As text == word; faster, because the length is known to the compiler.
template <std::size_t kSize>
bool equals(std::string_view text, const char (&word)[kSize]) {
  return text.size() == kSize - 1 && std::memcmp(text.data(), word, kSize - 1) == 0;
}

// Walks a text byte by byte. The text must outlive the cursor. Copying is cheap and is how parsers look ahead.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()), begin_(at_) {}

  bool at_end() const { return at_ == end_; }
  // The current byte; '\0' at the end.
  char peek() const { return at_ != end_ ? *at_ : '\0'; }
  // The byte `ahead` of the current one; '\0' past the end.
  char peek(std::size_t ahead) const { return ahead < left() ? at_[ahead] : '\0'; }
  bool looking_at(std::string_view word) const { return rest().starts_with(word); }
  std::string_view rest() const { return {at_, left()}; }
  std::string_view since(std::uint32_t from) const {
    return {begin_ + from, static_cast<std::size_t>(at_ - begin_) - from};
  }
  // From the start of the text.
  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_ - begin_); }

  // Moves on by `bytes`, or to the end when there are fewer.
  void advance(std::size_t bytes = 1) { at_ += std::min(bytes, left()); }
  // Moves to the first byte at or after the current one that `stop` accepts, or to the end.
  template <typename Stop>
  void advance_until(const Stop& stop) {
    // A copy, because the compiler must take each byte read for one that may change `at_`. Four bytes at a time,
    // because looking for the end costs as much as looking at a byte.
    const char* at = at_;
    for (; end_ - at >= 4; at += 4) {
      if (stop(at[0])) return move_to(at);
      if (stop(at[1])) return move_to(at + 1);
      if (stop(at[2])) return move_to(at + 2);
      if (stop(at[3])) return move_to(at + 3);
    }
    while (at != end_ && !stop(*at)) ++at;
    move_to(at);
  }
  void skip_space() { take(CharClass::kSpace); }
  // Moves over the bytes of that class; the answer is what was passed.
  std::string_view take(CharClass what) {
    const char* const from = at_;
    advance_until([what](char c) { return !has_class(c, what); });
    return {from, static_cast<std::size_t>(at_ - from)};
  }

 private:
  void move_to(const char* at) { at_ = at; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  const char* at_;
  const char* end_;
  const char* begin_;
};

// Without the white space at the end, and at both ends.
inline std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return trim_end(text);
}

}  // namespace nexus::nxml
