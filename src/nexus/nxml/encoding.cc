#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/encoding_internal.h"
#include "nexus/value/utf8.h"

namespace nexus::nxml {
namespace {

bool is_forbidden_control(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && !is_space(c)) || byte == 0x7F;
}

// Whether a byte of the eight may be a control character; white space may be taken for one.
bool may_hold_control(const char* bytes) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  std::uint64_t eight;
  std::memcpy(&eight, bytes, sizeof eight);
  const std::uint64_t del = eight ^ (kEach * 0x7F);
  return ((((eight - kEach * 0x20) & ~eight) | ((del - kEach) & ~del)) & (kEach * 0x80)) != 0;
}

// The offset of the first control character; the text's size when there is none.
std::size_t find_control(std::string_view text) {
  constexpr std::size_t kStep = sizeof(std::uint64_t);
  for (std::size_t at = 0; at < text.size(); at += kStep) {
    const std::string_view piece = text.substr(at, kStep);
    if (piece.size() == kStep && !may_hold_control(piece.data())) continue;
    const auto found = std::find_if(piece.begin(), piece.end(), is_forbidden_control);
    if (found != piece.end()) return at + static_cast<std::size_t>(found - piece.begin());
  }
  return text.size();
}

// Where the first ill-formed sequence starts; the text has one.
std::size_t find_ill_formed(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const unsigned char lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (!value::is_valid_utf8(text.substr(at, length))) break;
    at += length;
  }
  return at;
}

}  // namespace

std::optional<BadText> find_bad_text(std::string_view text) {
  if (const std::size_t at = find_control(text); at < text.size()) {
    return BadText{static_cast<std::uint32_t>(at),
                   "the document holds a control character; remove it"};
  }
  if (value::is_valid_utf8(text)) return std::nullopt;
  return BadText{static_cast<std::uint32_t>(find_ill_formed(text)),
                 "the document is not valid UTF-8; save it in that encoding"};
}

}  // namespace nexus::nxml
