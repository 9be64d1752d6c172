#include "nexus/auth/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/auth/minting_internal.h"

namespace nexus::auth {
namespace {

using testing::HasSubstr;
using value::Object;
using value::Value;

Object good() { return std::move(value::parse_json(kGoodClaims)).take().object(); }

Result<Identity> read(const Value& claims, const ClaimPolicy& policy = {}) {
  return read_claims(claims, policy, FixedClock().wall());
}

struct BadClaim {
  const char* name;
  Value value;
  const char* reason;
};

TEST(Claims, GiveAnIdentity) {
  Object claims = good();
  claims.set("permissions", value::List{"panel:read", "panel:execute", "something:else"});
  const auto identity = read(claims);
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->subject, "ann");
  EXPECT_EQ(identity->workspace, "w");
  EXPECT_TRUE(identity->may(Permission::kRead));
  EXPECT_TRUE(identity->may(Permission::kExecute));
  EXPECT_FALSE(identity->may(Permission::kCreate));
  EXPECT_FALSE(identity->may(Permission::kAdmin));
  EXPECT_TRUE(identity->reaches("w"));
  EXPECT_FALSE(identity->reaches("v"));
}

TEST(Claims, AdminIsEverythingEverywhere) {
  Object claims = good();
  claims.set("permissions", value::List{"admin"});
  const auto identity = read(claims);
  ASSERT_TRUE(identity.ok());
  EXPECT_TRUE(identity->may(Permission::kDelete));
  EXPECT_TRUE(identity->reaches("another"));
}

TEST(Claims, WithoutPermissionsNothingIsAllowed) {
  Object claims = good();
  claims.erase("permissions");
  const auto identity = read(claims);
  ASSERT_TRUE(identity.ok());
  for (const auto permission : {Permission::kCreate, Permission::kRead, Permission::kExecute,
                                Permission::kApprove, Permission::kDelete, Permission::kAdmin})
    EXPECT_FALSE(identity->may(permission));
}

TEST(Claims, RequiredOnesMustBeThere) {
  for (const char* name : {"exp", "sub", "workspace_id"}) {
    Object claims = good();
    claims.erase(name);
    const auto identity = read(claims);
    ASSERT_FALSE(identity.ok()) << name;
    EXPECT_EQ(identity.error().code, ErrorCode::kUnauthorized);
    EXPECT_THAT(identity.error().message, HasSubstr(name));
  }
}

TEST(Claims, BadOnesAreRefusedByName) {
  const double now = static_cast<double>(kNowSeconds);
  const BadClaim kBad[] = {
      {"exp", now, "expired"},
      {"exp", now - 1, "expired"},
      {"exp", "1893456000", "exp"},
      {"exp", -1, "exp"},
      {"exp", 1e300, "exp"},
      {"exp", Value(), "exp"},
      {"nbf", now + 31, "not valid yet"},
      {"nbf", "soon", "nbf"},
      {"iat", now + 31, "future"},
      {"sub", "", "sub"},
      {"sub", 7, "sub"},
      {"sub", std::string(257, 'a'), "sub"},
      {"sub", "ann\nadmin", "control"},
      {"workspace_id", value::List{"w"}, "workspace_id"},
      {"permissions", "admin", "permissions"},
      {"permissions", value::List{7}, "permissions"},
  };
  for (const BadClaim& bad : kBad) {
    Object claims = good();
    claims.set(bad.name, bad.value);
    const auto identity = read(claims);
    ASSERT_FALSE(identity.ok()) << bad.name << " " << value::to_json(bad.value);
    EXPECT_THAT(identity.error().message, HasSubstr(bad.reason));
  }
}

TEST(Claims, AClockThatIsALittleAheadIsForgiven) {
  for (const char* name : {"nbf", "iat"}) {
    Object claims = good();
    claims.set(name, static_cast<double>(kNowSeconds + 30));
    EXPECT_TRUE(read(claims).ok()) << name;
  }
}

TEST(Claims, IssuerAndAudienceCountWhenConfigured) {
  const ClaimPolicy policy{.issuer = "https://id.example", .audience = "nexus"};
  Object claims = good();
  EXPECT_THAT(read(claims, policy).error().message, HasSubstr("issuer"));
  claims.set("iss", "https://id.example");
  EXPECT_THAT(read(claims, policy).error().message, HasSubstr("audience"));
  for (const Value& audience : {Value("nexus"), Value(value::List{"other", "nexus"})}) {
    claims.set("aud", audience);
    EXPECT_TRUE(read(claims, policy).ok());
  }
  for (const Value& audience :
       {Value("nexus2"), Value(value::List{}), Value(7), Value(Object{{"nexus", true}})}) {
    claims.set("aud", audience);
    EXPECT_FALSE(read(claims, policy).ok());
  }
  claims.set("aud", "nexus");
  claims.set("iss", "https://id.example/");
  EXPECT_FALSE(read(claims, policy).ok());
}

}  // namespace
}  // namespace nexus::auth
