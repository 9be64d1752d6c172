#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "nexus/base/error.h"

namespace nexus::nxml {

// Walks a text byte by byte and knows the line and column of the byte it stands on. Columns count
// code points, so the continuation bytes of UTF-8 do not move them; only '\n' ends a line. The text
// must outlive the cursor. Copying is cheap and is how parsers look ahead.
class Cursor {
 public:
  Cursor(std::string_view text, Location start) : text_(text), location_(start) {}

  bool at_end() const { return offset_ >= text_.size(); }
  // The byte `ahead` of the current one; '\0' past the end.
  char peek(std::size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  bool looking_at(std::string_view word) const { return rest().substr(0, word.size()) == word; }
  std::string_view rest() const { return text_.substr(std::min(offset_, text_.size())); }
  std::string_view since(std::size_t from) const { return text_.substr(from, offset_ - from); }
  std::size_t offset() const { return offset_; }
  Location location() const { return location_; }

  // Moves on by `bytes`, or to the end when there are fewer.
  void advance(std::size_t bytes = 1) {
    for (; bytes > 0 && !at_end(); --bytes, ++offset_) {
      const unsigned char byte = static_cast<unsigned char>(text_[offset_]);
      if (byte == '\n') {
        ++location_.line;
        location_.column = 1;
      } else if ((byte & 0xC0) != 0x80) {
        ++location_.column;
      }
    }
  }
  // Moves to the first byte at or after the current one that `stop` accepts, or to the end.
  template <typename Stop>
  void advance_until(const Stop& stop) {
    while (!at_end() && !stop(peek())) advance();
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  Location location_;
};

// The position of the byte `bytes` after the start of a text whose first byte stands at `start`.
inline Location location_after(Location start, std::string_view text, std::size_t bytes) {
  Cursor cursor(text, start);
  cursor.advance(bytes);
  return cursor.location();
}

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
