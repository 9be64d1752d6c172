#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "commands.h"
#include "nexus/auth/identity.h"
#include "nexus/auth/token.h"
#include "nexus/base/clock.h"
#include "nexus/value/value.h"

namespace nexus::cli {
namespace {

int usage_error(const std::string& message) {
  fmt::print(stderr, "nexus token: {}\n", message);
  return 2;
}

std::int64_t seconds_of(Clock::Wall time) { return unix_ms(time) / 1000; }

}  // namespace

int token(const TokenOptions& options) {
  const char* secret = std::getenv("JWT_SECRET");
  if (secret == nullptr || *secret == '\0')
    return usage_error("JWT_SECRET is not set; give it the secret that nexusd has");
  const auto key = auth::make_secret_key(secret);
  if (!key.ok()) return usage_error("JWT_SECRET: " + key.error().message);
  value::List permissions;
  for (const std::string& word : options.permissions) {
    if (!auth::parse_permission(word))
      return usage_error(
          fmt::format("--permission: \"{}\" is not one of panel:create, panel:read, "
                      "panel:execute, panel:approve, panel:delete, admin",
                      word));
    permissions.emplace_back(word);
  }
  const Clock::Wall now = Clock::system().wall();
  value::Object claims = {{"sub", options.subject},
                          {"workspace_id", options.workspace},
                          {"permissions", std::move(permissions)},
                          {"iat", seconds_of(now)},
                          {"exp", seconds_of(now + options.lifetime)}};
  if (!options.issuer.empty()) claims.set("iss", options.issuer);
  if (!options.audience.empty()) claims.set("aud", options.audience);
  fmt::print("{}\n", auth::mint_token(*key, claims));
  return 0;
}

}  // namespace nexus::cli
