#include "nexus/base/sha256.h"

#include <openssl/evp.h>

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

}  // namespace nexus
