#pragma once

#include <string>
#include <string_view>

namespace nexus::value {

// Every string of a Value is well-formed UTF-8 (no overlong forms, no surrogates). Text from
// elsewhere goes through one of these first. Both: any thread.
bool is_valid_utf8(std::string_view text);

// `text` with each maximal ill-formed part replaced by U+FFFD, as browsers decode it (Unicode 15,
// section 3.9).
std::string replace_invalid_utf8(std::string_view text);

}  // namespace nexus::value
