// The attack classes on JSON Web Tokens (RFC 8725 and the published holes), each against a verifier
// that has a secret and keys of every kind, and accepts the genuine token of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/auth/authenticator.h"
#include "nexus/auth/minting_internal.h"

namespace nexus::auth {
namespace {

using testing::HasSubstr;

class TokenAttacks : public testing::Test {
 protected:
  TokenAttacks() {
    set_ = jwks({rsa_jwk(rsa_private(), "rsa"), rsa_jwk(rsa_private(), "pss", "PS256"),
                 ec_jwk(ec_, "ec"), ed_jwk(ed_, "ed")});
    AuthenticatorOptions options;
    options.secret = test_secret();
    options.fetch_keys = [this](const auto& done) {
      ++fetches_;
      done(std::string(set_));
    };
    authenticator_ = std::make_unique<Authenticator>(std::move(options), clock_);
    authenticator_->start([](const Result<void>& started) { EXPECT_TRUE(started.ok()); });
  }

  Result<Identity> verify(std::string token) {
    std::optional<Result<Identity>> answer;
    authenticator_->authenticate(
        std::move(token), [&](Result<Identity> result) { answer.emplace(std::move(result)); });
    return *std::move(answer);
  }
  void expect_good(const std::string& token) {
    const auto identity = verify(token);
    EXPECT_TRUE(identity.ok()) << identity.error().message;
  }
  void expect_refused(const std::string& token, std::string_view reason) {
    const auto identity = verify(token);
    ASSERT_FALSE(identity.ok()) << token;
    EXPECT_EQ(identity.error().code, ErrorCode::kUnauthorized);
    EXPECT_THAT(identity.error().message, HasSubstr(std::string(reason)));
  }
  static std::string signed_by(const PrivateKey& key, std::string_view header,
                               Padding padding = Padding::kNone) {
    const std::string part = join(header, kGoodClaims);
    return token_of(part, sign(key, part, padding));
  }

  const PrivateKey ec_ = make_ec_private();
  const PrivateKey ed_ = make_ed_private();
  std::string set_;
  FixedClock clock_;
  int fetches_ = 0;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(TokenAttacks, GenuineTokensOfEveryAlgorithmPass) {
  expect_good(hs256(kHsHeader, kGoodClaims));
  expect_good(signed_by(rsa_private(), R"({"alg":"RS256","kid":"rsa"})", Padding::kPkcs1));
  expect_good(signed_by(rsa_private(), R"({"alg":"PS256","kid":"pss"})", Padding::kPss));
  expect_good(signed_by(ec_, R"({"alg":"ES256","kid":"ec","typ":"at+jwt"})"));
  expect_good(signed_by(ed_, R"({"alg":"EdDSA","kid":"ed"})"));
  expect_good(signed_by(ed_, R"({"alg":"EdDSA"})"));
}

// RFC 7515 appendix A.3: the signature was made by somebody else's program.
TEST_F(TokenAttacks, ReadsTheStandardsOwnEs256Signature) {
  const auto keys = parse_jwks(
      R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  ASSERT_TRUE(keys.ok());
  const std::string_view part =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ";
  const auto signature = decode_base64url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(verify_signature(keys->front(), part, *signature));
  EXPECT_FALSE(verify_signature(keys->front(), std::string(part) + "x", *signature));
}

TEST_F(TokenAttacks, AlgNoneInEverySpelling) {
  for (const char* name : {"none", "None", "NONE", "nOnE", "", "null", "none ", "hs256", "Hs256",
                           "HS256 ", "HS384", "HS512", "RS512", "ES384", "ES256K", "ed25519"}) {
    const std::string part = join(std::string(R"({"alg":")") + name + "\"}", kGoodClaims);
    expect_refused(part + ".", "algorithm");
    expect_refused(token_of(part, sign_hs256(test_secret(), part)), "algorithm");
  }
  for (const char* header : {"{}", R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":7})"})
    expect_refused(hs256(header, kGoodClaims), "algorithm");
}

TEST_F(TokenAttacks, AMissingSignatureIsNone) {
  const std::string part = join(kHsHeader, kGoodClaims);
  expect_refused(part + ".", "signature");
  expect_refused(part, "three parts");
}

// The public key is public: whoever takes it for the secret of HS256 accepts everybody's tokens.
TEST_F(TokenAttacks, APublicKeyIsNoSecret) {
  const std::string part = join(R"({"alg":"HS256","kid":"rsa"})", kGoodClaims);
  Key confused;
  for (const std::string& secret :
       {big_number(rsa_private(), OSSL_PKEY_PARAM_RSA_N), set_, std::string()}) {
    confused.secret = secret;
    expect_refused(token_of(part, sign_hs256(confused, part)), "signature");
  }
}

TEST_F(TokenAttacks, AKeyServesItsOwnAlgorithmOnly) {
  expect_refused(signed_by(rsa_private(), R"({"alg":"PS256","kid":"rsa"})", Padding::kPss),
                 "key is not known");
  expect_refused(signed_by(rsa_private(), R"({"alg":"RS256","kid":"pss"})", Padding::kPkcs1),
                 "key is not known");
  expect_refused(signed_by(ec_, R"({"alg":"EdDSA","kid":"ec"})"), "key is not known");
  expect_refused(signed_by(rsa_private(), R"({"alg":"RS256","kid":"rsa"})", Padding::kPss),
                 "signature");
}

TEST_F(TokenAttacks, AKeyIdChoosesAndDoesNothingElse) {
  for (const char* id : {"../../dev/null", "/dev/null", "rsa' OR '1'='1",
                         "http://evil.example/jwks", "rsa\\u0000", "ec", ""})
    expect_refused(signed_by(ed_, std::string(R"({"alg":"EdDSA","kid":")") + id + "\"}"),
                   "key is not known");
  expect_refused(signed_by(ed_, R"({"alg":"EdDSA","kid":7})"), "key id");
  expect_refused(signed_by(ed_, R"({"alg":"EdDSA","kid":")" + std::string(257, 'x') + "\"}"),
                 "key id");
}

TEST_F(TokenAttacks, TheSendersOwnKeysAreNotLookedAt) {
  const auto stranger = make_ec_private();
  const std::string own = value::to_json(ec_jwk(stranger, "x"));
  expect_refused(signed_by(stranger, R"({"alg":"ES256","jwk":)" + own + "}"), "\"jwk\"");
  for (const char* name : {"jku", "x5u", "x5c"})
    expect_refused(signed_by(stranger, std::string(R"({"alg":"ES256",")") + name +
                                           R"(":"https://evil.example/k"})"),
                   name);
  EXPECT_EQ(fetches_, 1) << "nothing was fetched for them";
}

TEST_F(TokenAttacks, ExtensionsThatAreNotUnderstoodAreRefused) {
  expect_refused(hs256(R"({"alg":"HS256","crit":["exp"]})", kGoodClaims), "crit");
  expect_refused(hs256(R"({"alg":"HS256","b64":false})", kGoodClaims), "b64");
  expect_refused(hs256(R"({"alg":"HS256","zip":"DEF"})", kGoodClaims), "zip");
  expect_refused(hs256(R"({"alg":"HS256","typ":"logout+jwt"})", kGoodClaims), "type");
}

// CVE-2022-21449.
TEST_F(TokenAttacks, ZeroSignaturesOfEcdsa) {
  const std::string part = join(R"({"alg":"ES256","kid":"ec"})", kGoodClaims);
  const std::string genuine = sign(ec_, part);
  const std::string zeros(32, '\0');
  const std::string order = *decode_base64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
  for (const std::string& signature :
       {zeros + zeros, zeros + genuine.substr(32), genuine.substr(0, 32) + zeros, order + order,
        genuine.substr(0, 63), genuine + '\0', std::string(64, '\xff')})
    expect_refused(token_of(part, signature), "signature");
}

TEST_F(TokenAttacks, SignaturesInOtherFormsOrOfOtherKeys) {
  expect_refused(signed_by(make_ec_private(), R"({"alg":"ES256","kid":"ec"})"), "signature");
  expect_refused(signed_by(make_ed_private(), R"({"alg":"EdDSA","kid":"ed"})"), "signature");
  const std::string part = join(R"({"alg":"EdDSA","kid":"ed"})", kGoodClaims);
  expect_refused(token_of(part, std::string(64, '\0')), "signature");
  const std::string rsa = join(R"({"alg":"RS256","kid":"rsa"})", kGoodClaims);
  for (const std::string& signature :
       {std::string(256, '\0'), std::string("\x01"), std::string(4096, 'x')})
    expect_refused(token_of(rsa, signature), "signature");
}

TEST_F(TokenAttacks, AChangedPayloadOrHeaderEndsTheSignature) {
  const std::string genuine = hs256(kHsHeader, kGoodClaims);
  const std::string signature = genuine.substr(genuine.rfind('.'));
  expect_refused(
      join(kHsHeader,
           R"({"sub":"root","workspace_id":"w","permissions":["admin"],"exp":1767225660})") +
          signature,
      "signature");
  expect_refused(join(R"({"alg":"HS256","typ":"jwt"})", kGoodClaims) + signature, "signature");
}

TEST_F(TokenAttacks, DuplicateNamesAreRefusedWhereverTheyStand) {
  expect_refused(hs256(R"({"alg":"none","alg":"HS256"})", kGoodClaims), "header");
  expect_refused(hs256(R"({"alg":"HS256","\u0061lg":"HS256"})", kGoodClaims), "header");
  expect_refused(
      hs256(kHsHeader, R"({"sub":"ann","sub":"root","workspace_id":"w","exp":1767225660})"),
      "payload");
  expect_refused(hs256(kHsHeader, R"({"sub":"ann","workspace_id":"w","exp":1,"exp":1767225660})"),
                 "payload");
  expect_refused(
      hs256(kHsHeader, R"({"sub":"ann","workspace_id":"w","exp":1767225660,"x":{"a":1,"a":2}})"),
      "payload");
}

TEST_F(TokenAttacks, SizeAndDepthAreBounded) {
  expect_refused(hs256(kHsHeader, R"({"x":")" + std::string(kMaxTokenBytes, 'x') + "\"}"),
                 "more than 8192 bytes");
  expect_refused(hs256(kHsHeader, R"({"x":)" + std::string(20, '[') + std::string(20, ']') + "}"),
                 "payload");
  expect_refused(std::string(1 << 20, '.'), "more than");
  expect_refused(hs256(kHsHeader, std::string(4000, '[')), "payload");
}

TEST_F(TokenAttacks, OneTokenHasOneSpelling) {
  const std::string genuine = hs256(kHsHeader, kGoodClaims);
  for (const std::string& other : {genuine + "=", genuine + "\n", " " + genuine, genuine + ".",
                                   genuine + ".x", "Bearer " + genuine})
    expect_refused(other, "token");
  // The last character of a 32-byte signature carries two bits that mean nothing.
  std::string same_bytes = genuine;
  same_bytes.back() = same_bytes.back() == 'A' ? 'B' : static_cast<char>(same_bytes.back() + 1);
  expect_refused(same_bytes, "signature");
  for (const char* nonsense :
       {"", ".", "..", "...", "a.b.c", "e30.e30.e30", "eyJhbGciOiJIUzI1NiJ9..x"})
    EXPECT_FALSE(verify(nonsense).ok()) << nonsense;
}

TEST_F(TokenAttacks, HeaderAndPayloadMustBeJsonObjects) {
  for (const char* header : {"", "null", "[]", "\"HS256\"", "{", "{\"alg\":\"HS256\"}x",
                             "\xef\xbb\xbf{\"alg\":\"HS256\"}"})
    expect_refused(hs256(header, kGoodClaims), "header");
  for (const char* payload : {"", "null", "[]", "7", "{", "{\"a\":\"\xff\"}"})
    expect_refused(hs256(kHsHeader, payload), "payload");
}

}  // namespace
}  // namespace nexus::auth
