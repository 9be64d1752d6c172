#include "nexus/auth/authenticator.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "nexus/auth/signature.h"

namespace nexus::auth {
namespace {

// Requests that may wait for one refresh.
constexpr std::size_t kMaxWaiting = 1000;

}  // namespace

Authenticator::Authenticator(AuthenticatorOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Authenticator::~Authenticator() {
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    waiting.done(Error{ErrorCode::kUnavailable, "the server is shutting down"});
}

void Authenticator::start(std::function<void(Result<void>)> done) {
  if (!options_.fetch_keys) return done({});
  on_started_ = std::move(done);
  refresh();
}

void Authenticator::authenticate(std::string token, Done done) {
  if (fetched_ && !refreshing_ && clock_.now() - *tried_at_ >= options_.max_age) refresh();
  if (auto answer = try_known_keys(token)) return done(*std::move(answer));
  if (!refreshing_ && !may_refresh()) return done(no_key_error());
  if (waiting_.size() >= kMaxWaiting)
    return done(Error{ErrorCode::kUnavailable, "the signing keys are being read; try again"});
  waiting_.push_back({std::move(token), std::move(done)});
  if (!refreshing_) refresh();
}

std::optional<Result<Identity>> Authenticator::try_known_keys(std::string_view text) {
  if (auto known = cache_.find(text, clock_.wall())) return Result<Identity>(*std::move(known));
  auto token = parse_token(text);
  if (!token.ok()) return Result<Identity>(std::move(token).take_error());
  // Before the signature: what has expired anyway must not cause a refresh.
  auto identity = read_claims(token->claims, options_.claims, clock_.wall());
  if (!identity.ok()) return identity;
  const std::optional<bool> genuine = verify(*token);
  if (!genuine) return std::nullopt;
  if (!*genuine)
    return Result<Identity>(Error{ErrorCode::kUnauthorized, "the token's signature is wrong"});
  cache_.store(text, *identity);
  return identity;
}

// nullopt: no key that the token could mean is known.
std::optional<bool> Authenticator::verify(const Token& token) const {
  if (token.algorithm == Algorithm::kHs256)
    return options_.secret &&
           verify_signature(*options_.secret, token.signed_part, token.signature);
  if (!options_.fetch_keys) return false;
  std::optional<bool> verdict;
  for (const Key& key : keys_) {
    if (key.algorithm != token.algorithm || (token.key_id && key.id != token.key_id)) continue;
    if (verify_signature(key, token.signed_part, token.signature)) return true;
    // A token without a key id may mean one that is not known yet.
    if (token.key_id) verdict = false;
  }
  return verdict;
}

bool Authenticator::may_refresh() const {
  return !tried_at_ || clock_.now() - *tried_at_ >= options_.min_refresh;
}

void Authenticator::refresh() {
  refreshing_ = true;
  tried_at_ = clock_.now();
  options_.fetch_keys([weak = std::weak_ptr<Authenticator*>(self_)](Result<std::string> fetched) {
    if (const auto self = weak.lock()) (*self)->finish_refresh(std::move(fetched));
  });
}

void Authenticator::finish_refresh(Result<std::string> fetched) {
  refreshing_ = false;
  Result<void> adopted = adopt(std::move(fetched));
  if (auto started = std::exchange(on_started_, nullptr))
    started(std::move(adopted));
  else if (!adopted.ok())
    spdlog::warn("the JWK Set cannot be read, {}: {}",
                 fetched_ ? "the keys in use stay" : "no key of it is known",
                 adopted.error().message);
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    auto answer = try_known_keys(waiting.token);
    waiting.done(answer ? *std::move(answer) : Result<Identity>(no_key_error()));
  }
}

Result<void> Authenticator::adopt(Result<std::string> fetched) {
  if (!fetched.ok()) return std::move(fetched).take_error();
  if (fetched_ && *fetched == text_) return {};
  NX_TRY(keys_, parse_jwks(*fetched));
  text_ = std::move(fetched).take();
  fetched_ = true;
  cache_.clear();  // a token of a key that is gone must not live on
  return {};
}

Error Authenticator::no_key_error() const {
  if (!fetched_ && options_.fetch_keys)
    return {ErrorCode::kUnavailable, "the signing keys could not be read yet; try again later"};
  return {ErrorCode::kUnauthorized, "the token's key is not known"};
}

}  // namespace nexus::auth
