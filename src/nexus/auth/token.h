#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nexus/auth/key.h"
#include "nexus/base/result.h"
#include "nexus/value/value.h"

namespace nexus::auth {

inline constexpr std::size_t kMaxTokenBytes = 8 * 1024;

// A JSON Web Token in compact form (RFC 7515 section 3.1), taken apart and not yet verified:
// nothing in it is true.
struct Token {
  Algorithm algorithm = Algorithm::kHs256;
  std::optional<std::string> key_id;
  value::Value claims;           // an object
  std::string_view signed_part;  // of the text that was parsed
  std::string signature;
};

// Error kUnauthorized with the reason for everything that is not exactly such a token: "none" and
// other algorithms, more than kMaxTokenBytes, duplicate names, deep nesting, spellings that are not
// canonical, and headers that name a key of the sender's own (`jwk`, `jku`, `x5c`, `x5u`) or
// extensions (`crit`). The text outlives the Token. Any thread.
Result<Token> parse_token(std::string_view text);

// The token of these claims, signed with a key of kHs256.
std::string mint_token(const Key& key, const value::Value& claims);

}  // namespace nexus::auth
