#include "nexus/auth/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/auth/minting_internal.h"

namespace nexus::auth {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

// A JWK Set whose answer the test gives when it likes.
class JwksRotation : public testing::Test {
 protected:
  void open(std::optional<Key> secret = std::nullopt) {
    AuthenticatorOptions options;
    options.secret = std::move(secret);
    options.fetch_keys = [this](auto done) { asked_.push_back(std::move(done)); };
    authenticator_ = std::make_unique<Authenticator>(std::move(options), clock_);
    authenticator_->start([](const auto&) {});
  }
  void answer(Result<std::string> set) {
    ASSERT_EQ(asked_.size(), 1u);
    const auto done = std::move(asked_.front());
    asked_.clear();
    done(std::move(set));
  }
  // The answer, or nullopt while it is waited for.
  std::shared_ptr<std::optional<Result<Identity>>> ask(const std::string& token) {
    auto answer = std::make_shared<std::optional<Result<Identity>>>();
    authenticator_->authenticate(
        token, [answer](Result<Identity> result) { answer->emplace(std::move(result)); });
    return answer;
  }
  bool passes(const std::string& token) {
    const auto answer = ask(token);
    return answer->has_value() && (*answer)->ok();
  }
  static std::string token(const PrivateKey& key, const std::string& kid) {
    const std::string part = join(R"({"alg":"EdDSA","kid":")" + kid + "\"}",
                                  R"({"sub":"ann","workspace_id":"w","exp":1767312000})");
    return token_of(part, sign(key, part));
  }

  const PrivateKey old_ = make_ed_private();
  const PrivateKey new_ = make_ed_private();
  FixedClock clock_;
  std::vector<std::function<void(Result<std::string>)>> asked_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(JwksRotation, AnUnknownKeyIdCausesOneRefreshAndTheRequestWaitsForIt) {
  open();
  answer(jwks({ed_jwk(old_, "old")}));
  EXPECT_TRUE(passes(token(old_, "old")));
  clock_.pass(seconds(30));
  const auto first = ask(token(new_, "new"));
  const auto second = ask(token(new_, "new"));
  EXPECT_FALSE(first->has_value());
  EXPECT_TRUE(passes(token(old_, "old"))) << "who has a known key does not wait";
  answer(jwks({ed_jwk(old_, "old"), ed_jwk(new_, "new")}));
  EXPECT_TRUE(first->value().ok());
  EXPECT_TRUE(second->value().ok());
}

TEST_F(JwksRotation, RefreshesAreBoundedHoweverManyIdsAreInvented) {
  open();
  answer(jwks({ed_jwk(old_, "old")}));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(passes(token(new_, "made-up-" + std::to_string(i))));
  EXPECT_TRUE(asked_.empty()) << "the set was read a moment ago";
  clock_.pass(seconds(30));
  for (int i = 0; i < 100; ++i) ask(token(new_, "made-up-" + std::to_string(i)));
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(JwksRotation, TokensThatHaveExpiredCauseNoRefresh) {
  open();
  answer(jwks({ed_jwk(old_, "old")}));
  clock_.pass(seconds(2'000'000'000 - kNowSeconds));
  const auto late = ask(token(new_, "new"));
  asked_.clear();  // the one for the keys' age
  EXPECT_THAT((*late)->error().message, HasSubstr("expired"));
}

TEST_F(JwksRotation, OldKeysStayWhileTheSetCannotBeRead) {
  open();
  answer(jwks({ed_jwk(old_, "old")}));
  for (const char* set : {"", "<html>", R"({"keys":[]})"}) {
    clock_.pass(seconds(30));
    const auto waiting = ask(token(new_, "new"));
    answer(std::string(set));
    EXPECT_EQ((*waiting)->error().code, ErrorCode::kUnauthorized);
    EXPECT_TRUE(passes(token(old_, "old")));
  }
  clock_.pass(seconds(30));
  ask(token(new_, "new"));
  answer(Error{ErrorCode::kUnavailable, "down"});
  EXPECT_TRUE(passes(token(old_, "old")));
}

TEST_F(JwksRotation, ARemovedKeyEndsEvenForTokensThatWereSeen) {
  open();
  answer(jwks({ed_jwk(old_, "old")}));
  EXPECT_TRUE(passes(token(old_, "old")));
  clock_.pass(seconds(300));
  EXPECT_TRUE(passes(token(old_, "old"))) << "read anew in the background";
  answer(jwks({ed_jwk(new_, "new")}));
  EXPECT_FALSE(passes(token(old_, "old")));
  EXPECT_TRUE(passes(token(new_, "new")));
}

TEST_F(JwksRotation, WithoutAnyKeysTheServerSaysThatItIsNotReady) {
  open(test_secret());
  answer(Error{ErrorCode::kUnavailable, "down"});
  const auto refused = ask(token(old_, "old"));
  EXPECT_EQ((*refused)->error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(passes(hs256(kHsHeader, kGoodClaims))) << "the secret needs no set";
  clock_.pass(seconds(30));
  const auto waiting = ask(token(old_, "old"));
  answer(jwks({ed_jwk(old_, "old")}));
  EXPECT_TRUE(waiting->value().ok());
}

TEST_F(JwksRotation, WhoWaitsAtTheEndIsAnswered) {
  open();
  const auto waiting = ask(token(old_, "old"));
  authenticator_.reset();
  EXPECT_EQ((*waiting)->error().code, ErrorCode::kUnavailable);
  answer(jwks({ed_jwk(old_, "old")}));
}

TEST(Authenticator, AVerifiedTokenEndsWithItsTime) {
  FixedClock clock;
  AuthenticatorOptions options;
  options.secret = test_secret();
  Authenticator authenticator(std::move(options), clock);
  const std::string token = hs256(kHsHeader, kGoodClaims);
  const auto passes = [&] {
    bool passed = false;
    authenticator.authenticate(token,
                               [&](const Result<Identity>& identity) { passed = identity.ok(); });
    return passed;
  };
  EXPECT_TRUE(passes());
  EXPECT_TRUE(passes()) << "from the cache";
  clock.pass(seconds(59));
  EXPECT_TRUE(passes());
  clock.pass(seconds(1));
  EXPECT_FALSE(passes());
}

TEST(TokenCache, IsBounded) {
  TokenCache cache(2);
  FixedClock clock;
  Identity identity;
  identity.expires = clock.wall() + seconds(1);
  for (const char* token : {"a", "b", "c"}) cache.store(token, identity);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.find("a", clock.wall()));
  EXPECT_TRUE(cache.find("c", clock.wall()));
  clock.pass(seconds(1));
  EXPECT_FALSE(cache.find("c", clock.wall()));
  EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace nexus::auth
