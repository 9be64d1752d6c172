#include <cstdint>
#include <string_view>

#include "nexus/auth/base64url.h"
#include "nexus/auth/claims.h"
#include "nexus/auth/key.h"
#include "nexus/auth/signature.h"
#include "nexus/auth/token.h"
#include "nexus/base/check.h"

// Bearer tokens and key sets from strangers. An input is read as a token, as base64url and as a JWK
// Set; oracles:
// - what base64url accepts is what it would write;
// - an accepted token is made of exactly three such parts, and its claims are an object;
// - no input is signed by a key that nobody has.

namespace {

namespace auth = nexus::auth;

// 2026-01-01T00:00:00Z.
const nexus::Clock::Wall kNow{std::chrono::seconds(1767225600)};

const auth::Key& unknown_key() {
  static const auth::Key key = [] {
    auth::Key made;
    made.secret = "nobody signs the corpus with this 0123456789";
    return made;
  }();
  return key;
}

void try_token(std::string_view input) {
  const auto token = auth::parse_token(input);
  if (!token.ok()) return;
  NX_CHECK(input.size() <= auth::kMaxTokenBytes && token->claims.is_object());
  NX_CHECK(input ==
           std::string(token->signed_part) + '.' + auth::encode_base64url(token->signature));
  NX_CHECK(!auth::verify_signature(unknown_key(), token->signed_part, token->signature));
  const auto identity = auth::read_claims(token->claims, {.issuer = "i", .audience = "a"}, kNow);
  if (identity.ok())
    NX_CHECK(identity->expires > kNow && !identity->subject.empty() &&
             !identity->workspace.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try_token(input);
  if (const auto bytes = auth::decode_base64url(input))
    NX_CHECK(auth::encode_base64url(*bytes) == input);
  if (const auto keys = auth::parse_jwks(input); keys.ok())
    for (const auth::Key& key : *keys)
      NX_CHECK(key.public_key && !auth::verify_signature(key, "x", input));
  return 0;
}
