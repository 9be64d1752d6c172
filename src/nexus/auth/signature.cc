#include "nexus/auth/signature.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "nexus/base/check.h"

namespace nexus::auth {
namespace {

constexpr std::size_t kScalarBytes = 32;  // of P-256

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// r and s one after the other, as the DER that OpenSSL reads; empty for what is no signature. Zero
// is refused here and not left to the library: accepting it has been a hole before
// (CVE-2022-21449).
std::string der_of(std::string_view fixed) {
  if (fixed.size() != 2 * kScalarBytes) return {};
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(),
                                                                        ECDSA_SIG_free);
  BIGNUM* const r = BN_bin2bn(bytes_of(fixed), kScalarBytes, nullptr);
  BIGNUM* const s = BN_bin2bn(bytes_of(fixed) + kScalarBytes, kScalarBytes, nullptr);
  NX_CHECK(signature && r && s && ECDSA_SIG_set0(signature.get(), r, s) == 1);
  if (BN_is_zero(r) || BN_is_zero(s)) return {};
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  NX_CHECK(size > 0);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool configure(EVP_PKEY_CTX* context, Algorithm algorithm) {
  if (algorithm == Algorithm::kRs256)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (algorithm == Algorithm::kPs256)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
  return true;
}

bool verify_public(const Key& key, std::string_view input, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;  // owned by `context`
  const EVP_MD* digest = key.algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  // OpenSSL's older signatures take no const; verification does not change the key.
  auto* const pkey = const_cast<EVP_PKEY*>(key.public_key.get());
  return EVP_DigestVerifyInit(context.get(), &options, digest, nullptr, pkey) == 1 &&
         configure(options, key.algorithm) &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(input),
                          input.size()) == 1;
}

}  // namespace

bool verify_signature(const Key& key, std::string_view input, std::string_view signature) {
  if (key.algorithm == Algorithm::kHs256) {
    const std::string expected = sign_hs256(key, input);
    return expected.size() == signature.size() &&
           CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
  }
  if (key.algorithm != Algorithm::kEs256) return verify_public(key, input, signature);
  const std::string der = der_of(signature);
  return !der.empty() && verify_public(key, input, der);
}

std::string sign_hs256(const Key& key, std::string_view input) {
  unsigned char mac[32];
  unsigned size = sizeof mac;
  NX_CHECK(HMAC(EVP_sha256(), key.secret.data(), static_cast<int>(key.secret.size()),
                bytes_of(input), input.size(), mac, &size) != nullptr);
  return {reinterpret_cast<const char*>(mac), size};
}

}  // namespace nexus::auth
