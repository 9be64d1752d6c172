#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nexus::nxml {

// A byte sequence that no document may hold.
struct BadText {
  std::uint32_t at = 0;  // offset in the text
  std::string_view message;
};

// The first place of `text` that is not well-formed UTF-8 (RFC 3629) or is a control character
// other than tab, line feed and carriage return. What passes may travel as JSON and reach a handler
// as it is.
std::optional<BadText> find_bad_text(std::string_view text);

}  // namespace nexus::nxml
