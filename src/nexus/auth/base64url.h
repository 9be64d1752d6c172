#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nexus::auth {

// Base64url without padding (RFC 4648 section 5, RFC 7515 section 2). Any thread.
std::string encode_base64url(std::string_view bytes);

// The bytes, or nullopt for anything that encode_base64url would not have written: padding, blanks,
// other alphabets, set bits after the last byte. One token has one spelling.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace nexus::auth
