#include "nexus/auth/key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <set>

#include "nexus/auth/base64url.h"
#include "nexus/value/json.h"

namespace nexus::auth {
namespace {

using value::Value;

constexpr value::ValueLimits kSetLimits{.depth = 6, .bytes = 256 * 1024};
constexpr std::size_t kMaxKeys = 32;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // verifying costs the square of it
constexpr std::size_t kMaxExponentBytes = 4;
constexpr std::size_t kCoordinateBytes = 32;  // of P-256 and Ed25519

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freeing<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freeing<OSSL_PARAM_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Freeing<BN_free>>;
using PublicKey = std::shared_ptr<const EVP_PKEY>;

Error bad(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> text_of(const Value& key, std::string_view name) {
  const Value* member = key.find(name);
  if (!member || !member->is_string()) return std::nullopt;
  return member->string();
}

std::optional<std::string> bytes_member(const Value& key, std::string_view name) {
  const auto text = text_of(key, name);
  return text ? decode_base64url(*text) : std::nullopt;
}

PublicKey build(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  PublicKey key(made, EVP_PKEY_free);
  // A point off the curve, an even modulus.
  const PkeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
  return check && EVP_PKEY_public_check(check.get()) == 1 ? key : nullptr;
}

PublicKey rsa_key(const Value& jwk) {
  const auto n = bytes_member(jwk, "n");
  const auto e = bytes_member(jwk, "e");
  if (!n || !e || n->size() > kMaxRsaBits / 8 || e->size() > kMaxExponentBytes) return nullptr;
  const BigNumber modulus(BN_bin2bn(bytes_of(*n), static_cast<int>(n->size()), nullptr));
  const BigNumber exponent(BN_bin2bn(bytes_of(*e), static_cast<int>(e->size()), nullptr));
  if (!modulus || !exponent || BN_num_bits(modulus.get()) < kMinRsaBits ||
      !BN_is_odd(modulus.get()) || !BN_is_odd(exponent.get()) || BN_is_one(exponent.get()))
    return nullptr;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
    return nullptr;
  return build("RSA", builder.get());
}

PublicKey p256_key(const Value& jwk) {
  const auto x = bytes_member(jwk, "x");
  const auto y = bytes_member(jwk, "y");
  if (text_of(jwk, "crv") != "P-256" || !x || !y || x->size() != kCoordinateBytes ||
      y->size() != kCoordinateBytes)
    return nullptr;
  const std::string point = "\x04" + *x + *y;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return nullptr;
  return build("EC", builder.get());
}

PublicKey ed25519_key(const Value& jwk) {
  const auto x = bytes_member(jwk, "x");
  if (text_of(jwk, "crv") != "Ed25519" || !x || x->size() != kCoordinateBytes) return nullptr;
  return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size()),
          EVP_PKEY_free};
}

// What `kty` makes of a key when `alg` says nothing, and how it is read.
struct KeyType {
  std::string_view name;
  Algorithm usual;
  PublicKey (*read)(const Value&);
};
constexpr std::array<KeyType, 3> kTypes = {{{"RSA", Algorithm::kRs256, rsa_key},
                                            {"EC", Algorithm::kEs256, p256_key},
                                            {"OKP", Algorithm::kEdDsa, ed25519_key}}};

bool is_for_signatures(const Value& jwk) {
  if (text_of(jwk, "use").value_or("sig") != "sig") return false;
  const Value* operations = jwk.find("key_ops");
  if (!operations) return true;
  if (!operations->is_list()) return false;
  const auto& list = operations->list();
  return std::find(list.begin(), list.end(), Value("verify")) != list.end();
}

// nullopt: a key this server has no use for.
std::optional<Key> read_key(const Value& jwk) {
  const auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](const KeyType& candidate) {
    return text_of(jwk, "kty") == candidate.name;
  });
  if (type == kTypes.end() || !is_for_signatures(jwk)) return std::nullopt;
  Key key;
  key.algorithm = type->usual;
  if (const auto name = text_of(jwk, "alg")) {
    const auto pinned = parse_algorithm(*name);
    const bool fits =
        pinned == type->usual || (pinned == Algorithm::kPs256 && type->usual == Algorithm::kRs256);
    if (!fits) return std::nullopt;
    key.algorithm = *pinned;
  }
  key.id = text_of(jwk, "kid");
  key.public_key = type->read(jwk);
  return key.public_key ? std::optional(std::move(key)) : std::nullopt;
}

bool is_placeholder(std::string_view secret) {
  std::string lower(secret);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word :
       {"change-me", "changeme", "change_me", "change-this", "your-secret", "your_secret",
        "replace-me", "replace_me", "placeholder", "example-secret"})
    if (lower.find(word) != std::string::npos) return true;
  // One or two different characters are a typing test.
  return std::set<char>(lower.begin(), lower.end()).size() < 8;
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  if (name == "HS256") return Algorithm::kHs256;
  if (name == "RS256") return Algorithm::kRs256;
  if (name == "PS256") return Algorithm::kPs256;
  if (name == "ES256") return Algorithm::kEs256;
  if (name == "EdDSA") return Algorithm::kEdDsa;
  return std::nullopt;
}

Result<Key> make_secret_key(std::string secret) {
  if (secret.size() < kMinSecretBytes)
    return bad(fmt::format(
        "the secret has {} bytes; at least {} are needed, for example from: openssl rand -hex 32",
        secret.size(), kMinSecretBytes));
  if (is_placeholder(secret))
    return bad("the secret is a placeholder; make one, for example with: openssl rand -hex 32");
  Key key;
  key.secret = std::move(secret);
  return key;
}

Result<std::vector<Key>> parse_jwks(std::string_view json) {
  const auto parsed = value::parse_json(json, kSetLimits, value::DuplicateKeys::kRefuse);
  if (!parsed.ok()) return bad("not a JWK Set: " + parsed.error().message);
  const Value* listed = parsed->find("keys");
  if (!listed || !listed->is_list()) return bad("not a JWK Set: it has no list \"keys\"");
  if (listed->list().size() > kMaxKeys)
    return bad(fmt::format("the JWK Set has {} keys; at most {} are taken", listed->list().size(),
                           kMaxKeys));
  std::vector<Key> keys;
  for (const Value& jwk : listed->list()) {
    auto key = read_key(jwk);
    if (!key) continue;
    const bool repeated = std::any_of(keys.begin(), keys.end(), [&](const Key& other) {
      return key->id && other.id == key->id && other.algorithm == key->algorithm;
    });
    if (repeated) return bad("the JWK Set has two keys of one \"kid\"");
    keys.push_back(*std::move(key));
  }
  if (keys.empty())
    return bad(
        fmt::format("none of the {} keys of the JWK Set can verify RS256, PS256, ES256 or EdDSA",
                    listed->list().size()));
  return keys;
}

}  // namespace nexus::auth
