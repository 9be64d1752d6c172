#include <algorithm>
#include <cstddef>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/encoding_internal.h"
#include "nexus/value/utf8.h"

namespace nexus::nxml {
namespace {

bool is_forbidden_control(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && !is_space(c)) || byte == 0x7F;
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

std::optional<BadText> find_bad_text(std::string_view source) {
  const auto control = std::find_if(source.begin(), source.end(), is_forbidden_control);
  if (control != source.end()) {
    const std::size_t at = static_cast<std::size_t>(control - source.begin());
    return BadText{location_after({1, 1}, source, at),
                   "the document holds a control character; remove it"};
  }
  if (value::is_valid_utf8(source)) return std::nullopt;
  return BadText{location_after({1, 1}, source, find_ill_formed(source)),
                 "the document is not valid UTF-8; save it in that encoding"};
}

}  // namespace nexus::nxml
