#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/auth/claims.h"
#include "nexus/auth/key.h"
#include "nexus/auth/token.h"
#include "nexus/auth/token_cache.h"
#include "nexus/base/clock.h"
#include "nexus/base/result.h"

namespace nexus::auth {

// Reads the operator's JWK Set anew and hands its text over on the loop, at once or later, exactly
// once. It knows its address from the settings; nothing of a token reaches it.
using FetchKeys = std::function<void(std::function<void(Result<std::string>)> done)>;

struct AuthenticatorOptions {
  std::optional<Key> secret;  // of HS256
  FetchKeys fetch_keys;       // absent: no JWK Set
  ClaimPolicy claims;
  // A key id that is not in the set makes it be read anew, at most this often.
  std::chrono::milliseconds min_refresh{30'000};
  // Older keys are read anew in the background, so that a removed one ends.
  std::chrono::milliseconds max_age{300'000};
};

// From a bearer token to an identity. Lives on the loop.
class Authenticator {
 public:
  using Done = std::function<void(Result<Identity>)>;

  // `clock` outlives it.
  Authenticator(AuthenticatorOptions options, const Clock& clock);
  // Those who wait for keys are answered kUnavailable.
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // Reads the JWK Set for the first time; `done` gets what came of it, later failures are logged.
  // Until it succeeded, tokens that need one of its keys are kUnavailable.
  void start(std::function<void(Result<void>)> done);

  // Calls `done` once: at once, or after a refresh that the token's key id caused. Errors:
  // kUnauthorized with the reason, kUnavailable while there are no keys.
  void authenticate(std::string token, Done done);

 private:
  struct Waiting {
    std::string token;
    Done done;
  };
  // An answer, or nullopt when only another set of keys could give it.
  std::optional<Result<Identity>> try_known_keys(std::string_view text);
  std::optional<bool> verify(const Token& token) const;
  bool may_refresh() const;
  void refresh();
  void finish_refresh(Result<std::string> fetched);
  Result<void> adopt(Result<std::string> fetched);
  Error no_key_error() const;

  const AuthenticatorOptions options_;
  const Clock& clock_;

  std::vector<Key> keys_;  // of the JWK Set
  bool fetched_ = false;   // once at least
  std::string text_;       // what keys_ were read from
  bool refreshing_ = false;
  std::optional<Clock::Steady> tried_at_;
  std::vector<Waiting> waiting_;  // for the refresh under way
  std::function<void(Result<void>)> on_started_;
  TokenCache cache_;
  // Lets an answer that comes late find out that there is nobody to take it.
  const std::shared_ptr<Authenticator*> self_ = std::make_shared<Authenticator*>(this);
};

}  // namespace nexus::auth
