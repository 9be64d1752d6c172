#include "nexus/auth/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/auth/minting_internal.h"

namespace nexus::auth {
namespace {

using testing::HasSubstr;
using value::Object;

std::string refusal(const std::string& json) {
  const auto keys = parse_jwks(json);
  EXPECT_FALSE(keys.ok()) << json;
  return keys.ok() ? "" : keys.error().message;
}

TEST(Secret, MustBeLongAndNoPlaceholder) {
  EXPECT_TRUE(make_secret_key(kTestSecret).ok());
  EXPECT_TRUE(make_secret_key("5f4dcc3b5aa765d61d8327deb882cf99").ok()) << "exactly 32 bytes";
  EXPECT_THAT(make_secret_key("5f4dcc3b5aa765d61d8327deb882cf9").error().message,
              HasSubstr("31 bytes"));
  for (const char* secret :
       {"change-me-change-me-change-me-change-me", "CHANGEME0123456789CHANGEME0123456789",
        "your-secret-key-goes-in-here-0123456789", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    const auto key = make_secret_key(secret);
    ASSERT_FALSE(key.ok()) << secret;
    EXPECT_THAT(key.error().message, HasSubstr("placeholder"));
    EXPECT_THAT(key.error().message, testing::Not(HasSubstr(secret)));
  }
}

TEST(Jwks, EachKeyHasOneAlgorithm) {
  const auto ec = make_ec_private();
  const auto ed = make_ed_private();
  const auto keys =
      parse_jwks(jwks({rsa_jwk(rsa_private(), "r"), rsa_jwk(rsa_private(), "p", "PS256"),
                       ec_jwk(ec, "e"), ed_jwk(ed, "d")}));
  ASSERT_TRUE(keys.ok()) << keys.error().message;
  std::vector<Algorithm> algorithms;
  for (const Key& key : *keys) algorithms.push_back(key.algorithm);
  EXPECT_EQ(algorithms, (std::vector<Algorithm>{Algorithm::kRs256, Algorithm::kPs256,
                                                Algorithm::kEs256, Algorithm::kEdDsa}));
}

TEST(Jwks, KeysOfNoUseArePassedOver) {
  Object encryption = rsa_jwk(rsa_private(), "enc");
  encryption.set("use", "enc");
  Object wrapping = rsa_jwk(rsa_private(), "wrap");
  wrapping.set("key_ops", value::List{"wrapKey"});
  const PrivateKey weak(EVP_RSA_gen(1024), EVP_PKEY_free);
  Object off_curve = ec_jwk(make_ec_private(), "off");
  off_curve.set("y", off_curve.find("x")->string());
  Object mismatched = ec_jwk(make_ec_private(), "mis");
  mismatched.set("alg", "RS256");
  const Object symmetric{{"kty", "oct"}, {"k", encode_base64url(kTestSecret)}};
  const Object tiny_exponent{
      {"kty", "RSA"}, {"n", *rsa_jwk(rsa_private(), "").find("n")}, {"e", "AQ"}};
  for (const Object& useless : {encryption, wrapping, rsa_jwk(weak, "weak"), off_curve, mismatched,
                                symmetric, tiny_exponent, Object{{"kty", "RSA"}}, Object{}})
    EXPECT_THAT(refusal(jwks({useless})), HasSubstr("none of the 1 keys"))
        << value::to_json(useless);
  const auto keys = parse_jwks(jwks({encryption, ed_jwk(make_ed_private(), "d")}));
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->size(), 1u);
}

TEST(Jwks, WhatIsNoSetIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("not a JWK Set"));
  EXPECT_THAT(refusal("<html>"), HasSubstr("not a JWK Set"));
  EXPECT_THAT(refusal("[]"), HasSubstr("not a JWK Set"));
  EXPECT_THAT(refusal(R"({"keys":{}})"), HasSubstr("not a JWK Set"));
  EXPECT_THAT(refusal(R"({"keys":[],"keys":[]})"), HasSubstr("two members"));
  const auto ed = make_ed_private();
  EXPECT_THAT(refusal(jwks({ed_jwk(ed, "d"), ed_jwk(ed, "d")})), HasSubstr("two keys of one"));
  EXPECT_THAT(refusal(jwks(value::List(33, ed_jwk(ed, "d")))), HasSubstr("at most 32"));
}

}  // namespace
}  // namespace nexus::auth
