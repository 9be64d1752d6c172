#include "nexus/auth/token.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/auth/base64url.h"
#include "nexus/auth/signature.h"
#include "nexus/value/json.h"

namespace nexus::auth {
namespace {

using value::Value;

constexpr value::ValueLimits kPartLimits{.depth = 8, .bytes = kMaxTokenBytes};
constexpr std::size_t kMaxKeyIdBytes = 256;

Error bad(std::string message) { return {ErrorCode::kUnauthorized, std::move(message)}; }

Result<Value> read_part(std::string_view text, std::string_view name) {
  const auto json = decode_base64url(text);
  if (!json) return bad(fmt::format("the token's {} is not base64url", name));
  auto part = value::parse_json(*json, kPartLimits, value::DuplicateKeys::kRefuse);
  if (!part.ok() || !part->is_object())
    return bad(fmt::format("the token's {} is not a JSON object within bounds", name));
  return part;
}

// RFC 8725 section 3.11 and RFC 9068: a token made for another purpose says so.
bool is_known_type(const Value& type) {
  if (!type.is_string()) return false;
  std::string name = type.string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "jwt" || name == "at+jwt" || name == "application/at+jwt";
}

Result<void> read_header(const Value& header, Token& token) {
  for (const std::string_view name : {"crit", "zip", "jku", "jwk", "x5u", "x5c", "b64"})
    if (header.find(name))
      return bad(fmt::format("the token's header has \"{}\", which is not accepted", name));
  const Value* algorithm = header.find("alg");
  const auto known =
      algorithm && algorithm->is_string() ? parse_algorithm(algorithm->string()) : std::nullopt;
  if (!known) return bad("the token's algorithm is not one of HS256, RS256, PS256, ES256, EdDSA");
  token.algorithm = *known;
  const Value* type = header.find("typ");
  if (type && !is_known_type(*type)) return bad("the token is of another type than JWT");
  const Value* id = header.find("kid");
  if (!id) return {};
  if (!id->is_string() || id->string().size() > kMaxKeyIdBytes)
    return bad("the token's key id is not a short text");
  token.key_id = id->string();
  return {};
}

}  // namespace

Result<Token> parse_token(std::string_view text) {
  if (text.size() > kMaxTokenBytes)
    return bad(fmt::format("the token has more than {} bytes", kMaxTokenBytes));
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos)
    return bad("the token has not three parts");
  Token token;
  NX_TRY(const Value header, read_part(text.substr(0, first), "header"));
  NX_TRY_VOID(read_header(header, token));
  NX_TRY(token.claims, read_part(text.substr(first + 1, second - first - 1), "payload"));
  auto signature = decode_base64url(text.substr(second + 1));
  if (!signature || signature->empty()) return bad("the token's signature is not base64url");
  token.signature = *std::move(signature);
  token.signed_part = text.substr(0, second);
  return token;
}

std::string mint_token(const Key& key, const Value& claims) {
  const std::string signed_part = encode_base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' +
                                  encode_base64url(value::to_json(claims));
  return signed_part + '.' + encode_base64url(sign_hs256(key, signed_part));
}

}  // namespace nexus::auth
