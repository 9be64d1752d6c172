#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "nexus/auth/identity.h"
#include "nexus/base/result.h"
#include "nexus/value/value.h"

namespace nexus::auth {

// What a token's claims must say besides being signed.
struct ClaimPolicy {
  std::optional<std::string> issuer;    // JWT_ISSUER: `iss` must be it
  std::optional<std::string> audience;  // JWT_AUDIENCE: `aud` must be it or hold it
  // How far the issuer's clock may be ahead of ours; what has expired has expired.
  std::chrono::seconds leeway{30};
};

// The identity that claims (RFC 7519 section 4) describe at the time `now`. Required: `exp`, `sub`,
// `workspace_id`; `permissions` lists words, of which unknown ones give nothing. Error
// kUnauthorized names the claim. Any thread.
Result<Identity> read_claims(const value::Value& claims, const ClaimPolicy& policy,
                             Clock::Wall now);

}  // namespace nexus::auth
