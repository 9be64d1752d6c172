#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace nexus::auth {

// The signatures that are verified (RFC 7518 section 3.1, RFC 8037). "none" is none of them.
enum class Algorithm { kHs256, kRs256, kPs256, kEs256, kEdDsa };

// The algorithm of exactly this name; case counts.
std::optional<Algorithm> parse_algorithm(std::string_view name);

// A key and the one algorithm it serves: a token's header chooses among keys, never what a key is
// used for. Shared, frozen; any thread.
struct Key {
  std::optional<std::string> id;  // `kid`
  Algorithm algorithm = Algorithm::kHs256;
  std::string secret;                             // of kHs256
  std::shared_ptr<const evp_pkey_st> public_key;  // of the others
};

inline constexpr std::size_t kMinSecretBytes = 32;

// A key of kHs256 from raw bytes. Error kInvalidArgument for a secret that is too short or that
// documentation uses as a placeholder; the message never shows it.
Result<Key> make_secret_key(std::string secret);

// The keys of a JWK Set (RFC 7517) that can verify: RSA of 2048 to 8192 bits (RS256 unless `alg`
// says PS256), EC on P-256, OKP on Ed25519. Others, and those for encryption, are passed over.
// Error kInvalidArgument: no such set, more than 32 keys, two usable ones of one `kid` and
// algorithm, or none that is usable; the message says why.
Result<std::vector<Key>> parse_jwks(std::string_view json);

}  // namespace nexus::auth
