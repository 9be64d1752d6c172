#pragma once

#include <string>
#include <string_view>

#include "nexus/auth/key.h"

namespace nexus::auth {

// Whether `signature` is that of `input` under the key, by the key's own algorithm. ES256 takes the
// fixed-size form of RFC 7518 section 3.4 only. Any thread.
bool verify_signature(const Key& key, std::string_view input, std::string_view signature);

// HMAC-SHA-256 of `input` under a key of kHs256. Any thread.
std::string sign_hs256(const Key& key, std::string_view input);

}  // namespace nexus::auth
