#pragma once

#include <string>
#include <string_view>

namespace nexus {

// SHA-256 (FIPS 180-4) of `bytes` as 64 lower-case hexadecimal characters. Any thread.
std::string sha256_hex(std::string_view bytes);

// The HMAC-SHA-256 of `bytes` under `key` (RFC 2104), 32 raw bytes. Any thread.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Whether two secrets are the same, in a time that tells nothing of where they differ. Any thread.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace nexus
