#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "nexus/auth/base64url.h"
#include "nexus/auth/key.h"
#include "nexus/auth/signature.h"
#include "nexus/base/check.h"
#include "nexus/base/clock.h"
#include "nexus/value/json.h"
#include "nexus/value/value.h"

// Makes keys and tokens, good and bad, for the tests of this folder: what an identity provider
// does, and what an attacker does, straight with OpenSSL.
namespace nexus::auth {

using PrivateKey = std::shared_ptr<EVP_PKEY>;

// Generating an RSA key takes long, so the tests share these.
inline const PrivateKey& rsa_private() {
  static const PrivateKey key(EVP_RSA_gen(2048), EVP_PKEY_free);
  return key;
}
inline PrivateKey make_ec_private() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }
inline PrivateKey make_ed_private() {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free};
}

inline std::string big_number(const PrivateKey& key, const char* name) {
  BIGNUM* number = nullptr;
  NX_CHECK(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return bytes;
}

inline std::string padded_to_32(std::string bytes) {
  return std::string(32 - bytes.size(), '\0') + bytes;
}

inline value::Object rsa_jwk(const PrivateKey& key, std::string kid, std::string alg = "RS256") {
  return {{"kty", "RSA"},
          {"kid", std::move(kid)},
          {"alg", std::move(alg)},
          {"n", encode_base64url(big_number(key, OSSL_PKEY_PARAM_RSA_N))},
          {"e", encode_base64url(big_number(key, OSSL_PKEY_PARAM_RSA_E))}};
}

inline value::Object ec_jwk(const PrivateKey& key, std::string kid) {
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"kid", std::move(kid)},
          {"x", encode_base64url(padded_to_32(big_number(key, OSSL_PKEY_PARAM_EC_PUB_X)))},
          {"y", encode_base64url(padded_to_32(big_number(key, OSSL_PKEY_PARAM_EC_PUB_Y)))}};
}

inline value::Object ed_jwk(const PrivateKey& key, std::string kid) {
  unsigned char bytes[32];
  std::size_t size = sizeof bytes;
  NX_CHECK(EVP_PKEY_get_raw_public_key(key.get(), bytes, &size) == 1);
  return {{"kty", "OKP"},
          {"crv", "Ed25519"},
          {"kid", std::move(kid)},
          {"x", encode_base64url({reinterpret_cast<const char*>(bytes), size})}};
}

inline std::string jwks(value::List keys) {
  return value::to_json(value::Object{{"keys", std::move(keys)}});
}

enum class Padding { kNone, kPkcs1, kPss };

// The signature of `input` in the form a token carries.
inline std::string sign(const PrivateKey& key, std::string_view input,
                        Padding padding = Padding::kNone) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const bool is_ed = EVP_PKEY_is_a(key.get(), "ED25519") == 1;
  EVP_PKEY_CTX* options = nullptr;
  NX_CHECK(EVP_DigestSignInit(context.get(), &options, is_ed ? nullptr : EVP_sha256(), nullptr,
                              key.get()) == 1);
  if (padding == Padding::kPss)
    NX_CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  NX_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1);
  signature.resize(size);
  if (EVP_PKEY_is_a(key.get(), "EC") != 1) return signature;
  const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parsed(
      d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size)), ECDSA_SIG_free);
  std::string fixed(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(fixed.data());
  NX_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + 32, 32) == 32);
  return fixed;
}

inline std::string join(std::string_view header, std::string_view payload) {
  return encode_base64url(header) + '.' + encode_base64url(payload);
}
inline std::string token_of(const std::string& signed_part, std::string_view signature) {
  return signed_part + '.' + encode_base64url(signature);
}

inline const std::string kTestSecret = "0123456789abcdef-a-long-test-secret";
inline Key test_secret() { return std::move(make_secret_key(kTestSecret)).take(); }

inline std::string hs256(std::string_view header, std::string_view payload) {
  const std::string signed_part = join(header, payload);
  return token_of(signed_part, sign_hs256(test_secret(), signed_part));
}

// 2026-01-01T00:00:00Z, the tests' present.
inline constexpr std::int64_t kNowSeconds = 1767225600;
inline constexpr std::string_view kHsHeader = R"({"alg":"HS256","typ":"JWT"})";
inline constexpr std::string_view kGoodClaims =
    R"({"sub":"ann","workspace_id":"w","permissions":["panel:read"],"exp":1767225660})";

class FixedClock final : public Clock {
 public:
  Steady now() const override { return steady; }
  Wall wall() const override {
    return Wall(std::chrono::seconds(kNowSeconds)) + (steady - Steady{});
  }
  void pass(std::chrono::seconds time) { steady += time; }

  Steady steady{};
};

}  // namespace nexus::auth
