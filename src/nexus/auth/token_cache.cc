#include "nexus/auth/token_cache.h"

#include "nexus/base/sha256.h"

namespace nexus::auth {

std::optional<Identity> TokenCache::find(std::string_view token, Clock::Wall now) {
  const std::string hash = sha256_hex(token);
  const Identity* known = verified_.find(hash);
  if (!known) return std::nullopt;
  if (now < known->expires) return *known;
  verified_.erase(hash);
  return std::nullopt;
}

void TokenCache::store(std::string_view token, const Identity& identity) {
  const std::string hash = sha256_hex(token);
  if (!verified_.find(hash)) verified_.insert(hash, identity);
}

}  // namespace nexus::auth
