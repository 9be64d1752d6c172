#include "nexus/base/sha256.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "nexus/base/check.h"

namespace nexus {

std::string sha256_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  // Fetched once: the implicit fetch of EVP_sha256() is the slow part in OpenSSL 3.0.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  unsigned char digest[32];
  unsigned size = sizeof digest;
  NX_CHECK(algorithm != nullptr &&
           EVP_Digest(bytes.data(), bytes.size(), digest, &size, algorithm, nullptr) == 1);
  std::string text;
  text.reserve(2 * sizeof digest);
  for (const unsigned char byte : digest) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  NX_CHECK(algorithm != nullptr);
  const std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)> context(EVP_MAC_CTX_new(algorithm),
                                                                     EVP_MAC_CTX_free);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const auto as_bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  unsigned char mac[32];
  std::size_t size = 0;
  NX_CHECK(context != nullptr &&
           EVP_MAC_init(context.get(), as_bytes(key), key.size(), parameters) == 1 &&
           EVP_MAC_update(context.get(), as_bytes(bytes), bytes.size()) == 1 &&
           EVP_MAC_final(context.get(), mac, &size, sizeof mac) == 1 && size == sizeof mac);
  return {reinterpret_cast<const char*>(mac), sizeof mac};
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace nexus
