#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nexus/auth/identity.h"
#include "nexus/auth/lru_internal.h"

namespace nexus::auth {

// Tokens that were verified, by their hash, until they expire: a signature costs ten times what
// the rest of a request does. One thread at a time.
class TokenCache {
 public:
  explicit TokenCache(std::size_t max_tokens = 10'000) : verified_(max_tokens) {}

  std::optional<Identity> find(std::string_view token, Clock::Wall now);
  void store(std::string_view token, const Identity& identity);
  // For when the keys changed.
  void clear() { verified_.clear(); }

  std::size_t size() const { return verified_.size(); }

 private:
  Lru<Identity> verified_;
};

}  // namespace nexus::auth
