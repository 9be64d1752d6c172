#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/encoding_internal.h"
#include "nexus/value/utf8.h"

namespace nexus::nxml {
namespace {

bool is_forbidden_control(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && !is_space(c)) || byte == 0x7F;
}

constexpr std::size_t kBlock = 256;

struct BlockContent {
  bool control = false;  // a forbidden one
  bool beyond_ascii = false;
};

// Written so that compilers take many bytes at once.
BlockContent look_at(const char* block) {
  const auto mask = [](bool is) { return static_cast<unsigned char>(-static_cast<int>(is)); };
  unsigned char all = 0;
  unsigned char control = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const unsigned char byte = static_cast<unsigned char>(block[i]);
    // Two at once: '\t' | 4 is '\r'.
    const unsigned char allowed = mask((byte | 4) == '\r') | mask(byte == '\n');
    all |= byte;
    control |= mask(byte == 0x7F) | (mask(byte < 0x20) & static_cast<unsigned char>(~allowed));
  }
  return {control != 0, all >= 0x80};
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
  std::size_t at = 0;
  bool beyond_ascii = false;
  for (; at + kBlock <= text.size(); at += kBlock) {
    const BlockContent content = look_at(text.data() + at);
    if (content.control) break;
    beyond_ascii = beyond_ascii || content.beyond_ascii;
  }
  const auto control = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_forbidden_control);
  if (control != text.end()) {
    return BadText{static_cast<std::uint32_t>(control - text.begin()),
                   "the document holds a control character; remove it"};
  }
  if (!beyond_ascii && value::is_valid_utf8(text.substr(at))) return std::nullopt;
  if (value::is_valid_utf8(text)) return std::nullopt;
  return BadText{static_cast<std::uint32_t>(find_ill_formed(text)),
                 "the document is not valid UTF-8; save it in that encoding"};
}

}  // namespace nexus::nxml
