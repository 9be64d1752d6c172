#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nexus::nxml {

// What a byte may be; one look-up instead of a row of comparisons.
enum class CharClass : std::uint8_t {
  kSpace = 1,
  kDigit = 2,
  kLetter = 4,
  kIdentifierStart = 8,   // letters, '_' and '$'
  kTagName = 16,          // identifiers, '-' and ':'; the colon is there for bind:name and on:name
  kExpressionName = 32,   // identifiers and everything beyond ASCII
};

namespace internal {
constexpr std::array<std::uint8_t, 256> classify() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto is = [&](CharClass what) { classes[byte] |= static_cast<std::uint8_t>(what); };
    const bool digit = byte >= '0' && byte <= '9';
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool starts = letter || byte == '_' || byte == '$';
    if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') is(CharClass::kSpace);
    if (digit) is(CharClass::kDigit);
    if (letter) is(CharClass::kLetter);
    if (starts) is(CharClass::kIdentifierStart);
    if (starts || digit || byte == '-' || byte == ':') is(CharClass::kTagName);
    if (starts || digit || byte >= 0x80) is(CharClass::kExpressionName);
  }
  return classes;
}
inline constexpr std::array<std::uint8_t, 256> kClasses = classify();
}  // namespace internal

inline bool has_class(char c, CharClass what) {
  return (internal::kClasses[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(what)) != 0;
}

inline bool is_space(char c) { return has_class(c, CharClass::kSpace); }
inline bool is_digit(char c) { return has_class(c, CharClass::kDigit); }
inline bool is_letter(char c) { return has_class(c, CharClass::kLetter); }
inline bool is_identifier_start(char c) { return has_class(c, CharClass::kIdentifierStart); }
inline bool is_identifier_part(char c) { return is_identifier_start(c) || is_digit(c); }
inline bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

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
  // From where `rest`, an earlier answer of rest(), starts.
  std::string_view since_start_of(std::string_view rest) const {
    return rest.substr(0, rest.size() - left());
  }
  // From the start of the text.
  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_ - begin_); }

  // Moves on by `bytes`, or to the end when there are fewer.
  void advance(std::size_t bytes = 1) { at_ += std::min(bytes, left()); }
  // Moves to the first byte at or after the current one that `stop` accepts, or to the end.
  template <typename Stop>
  void advance_until(const Stop& stop) {
    while (at_ != end_ && !stop(*at_)) ++at_;
  }
  void skip_space() {
    advance_until([](char c) { return !is_space(c); });
  }

 private:
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
