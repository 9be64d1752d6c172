#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "nexus/base/error.h"

namespace nexus::nxml {

// The code points of a text of well-formed UTF-8: every byte but those that continue one.
inline int count_code_points(std::string_view text) {
  std::size_t continuing = 0;
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    constexpr std::uint64_t kEach = 0x0101010101010101;
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    // One bit for each byte that starts with 10, and their sum in the highest byte.
    continuing += ((((eight >> 7) & ~(eight >> 6)) & kEach) * kEach) >> 56;
  }
  for (; at < text.size(); ++at)
    continuing += (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80 ? 1 : 0;
  return static_cast<int>(text.size() - continuing);
}

// The position of what follows `passed`, whose first byte stands at `start`. Columns count code
// points; only '\n' ends a line.
inline Location location_after(Location start, std::string_view passed) {
  while (!passed.empty()) {
    const void* const found = std::memchr(passed.data(), '\n', passed.size());
    if (found == nullptr) break;
    passed.remove_prefix(
        static_cast<std::size_t>(static_cast<const char*>(found) - passed.data()) + 1);
    start = {start.line + 1, 1};
  }
  start.column += count_code_points(passed);
  return start;
}

// Walks a text byte by byte and knows the line and column of the byte it stands on. The text must
// outlive the cursor. Copying is cheap and is how parsers look ahead.
class Cursor {
 public:
  Cursor(std::string_view text, Location start) : text_(text), located_(start) {}

  bool at_end() const { return offset_ >= text_.size(); }
  // The byte `ahead` of the current one; '\0' past the end.
  char peek(std::size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  bool looking_at(std::string_view word) const { return rest().starts_with(word); }
  std::string_view rest() const { return text_.substr(offset_); }
  std::string_view since(std::size_t from) const { return text_.substr(from, offset_ - from); }
  std::size_t offset() const { return offset_; }
  // Counts on from where it was asked last, so that what nobody asks about costs nothing.
  Location location() const {
    located_ = location_after(located_, since(located_offset_));
    located_offset_ = offset_;
    return located_;
  }

  // Moves on by `bytes`, or to the end when there are fewer.
  void advance(std::size_t bytes = 1) { offset_ += std::min(bytes, text_.size() - offset_); }
  // Moves to the first byte at or after the current one that `stop` accepts, or to the end.
  template <typename Stop>
  void advance_until(const Stop& stop) {
    while (offset_ < text_.size() && !stop(text_[offset_])) ++offset_;
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  mutable std::size_t located_offset_ = 0;
  mutable Location located_;  // of the byte at located_offset_
};

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_identifier_start(char c) { return is_letter(c) || c == '_' || c == '$'; }
inline bool is_identifier_part(char c) { return is_identifier_start(c) || is_digit(c); }

// Without the white space at both ends.
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace nexus::nxml
