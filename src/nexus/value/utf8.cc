#include "nexus/value/utf8.h"

#include <algorithm>
#include <cstdint>

#include "nexus_msgpack.h"

namespace nexus::value {
namespace {

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// Bytes of the ill-formed part at the start of `text` that one U+FFFD stands for: the longest
// beginning of a sequence that could still have become well-formed, at least one byte.
std::size_t ill_formed_length(std::string_view text) {
  for (std::size_t length = std::min<std::size_t>(text.size(), 3); length > 1; --length) {
    // Well-formed once completed by the right number of the lowest or highest trailing bytes?
    for (const char filler : {'\x80', '\xbf'}) {
      std::string whole(text.substr(0, length));
      while (whole.size() < 4) {
        whole.push_back(filler);
        if (nx_mp_utf8_sequence(bytes_of(whole), whole.size()) == whole.size()) return length;
      }
    }
  }
  return 1;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  return nx_mp_utf8_prefix(bytes_of(text), text.size()) == text.size();
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t valid = nx_mp_utf8_prefix(bytes_of(text), text.size());
    out.append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) return out;
    out.append("\xef\xbf\xbd");
    text.remove_prefix(ill_formed_length(text));
  }
}

}  // namespace nexus::value
