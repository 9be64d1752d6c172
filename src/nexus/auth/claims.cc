#include "nexus/auth/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace nexus::auth {
namespace {

using value::Value;

constexpr std::size_t kMaxNameBytes = 256;
// The year 9999: what lies beyond does not fit the clock's type.
constexpr double kMaxSeconds = 253'402'300'799.0;

Error bad(std::string message) { return {ErrorCode::kUnauthorized, std::move(message)}; }

Result<std::optional<Clock::Wall>> read_time(const Value& claims, std::string_view name) {
  const Value* claim = claims.find(name);
  if (!claim) return std::optional<Clock::Wall>();
  if (!claim->is_number() || claim->number() < 0 || claim->number() > kMaxSeconds)
    return bad(fmt::format("the token's \"{}\" is not a time in seconds", name));
  const std::chrono::duration<double> since_epoch(claim->number());
  return std::optional(Clock::Wall(std::chrono::duration_cast<Clock::Wall::duration>(since_epoch)));
}

// A name that may stand in a log line.
Result<std::string> read_name(const Value& claims, std::string_view name) {
  const Value* claim = claims.find(name);
  if (!claim || !claim->is_string() || claim->string().empty() ||
      claim->string().size() > kMaxNameBytes)
    return bad(fmt::format("the token has no \"{}\" of 1 to {} bytes", name, kMaxNameBytes));
  const std::string& text = claim->string();
  const bool plain =
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!plain) return bad(fmt::format("the token's \"{}\" has control characters", name));
  return text;
}

Result<void> check_times(const Value& claims, const ClaimPolicy& policy, Clock::Wall now,
                         Identity& identity) {
  NX_TRY(const auto expires, read_time(claims, "exp"));
  if (!expires) return bad("the token has no \"exp\"");
  if (now >= *expires) return bad("the token has expired");
  identity.expires = *expires;
  NX_TRY(const auto not_before, read_time(claims, "nbf"));
  if (not_before && *not_before > now + policy.leeway) return bad("the token is not valid yet");
  NX_TRY(const auto issued, read_time(claims, "iat"));
  if (issued && *issued > now + policy.leeway) return bad("the token was issued in the future");
  return {};
}

bool is_for(const Value& audience, const std::string& us) {
  if (audience.is_string()) return audience.string() == us;
  if (!audience.is_list()) return false;
  const auto& list = audience.list();
  return std::find(list.begin(), list.end(), Value(us)) != list.end();
}

Result<void> check_parties(const Value& claims, const ClaimPolicy& policy) {
  const Value* issuer = claims.find("iss");
  if (policy.issuer && (!issuer || *issuer != Value(*policy.issuer)))
    return bad("the token is from another issuer");
  const Value* audience = claims.find("aud");
  if (policy.audience && (!audience || !is_for(*audience, *policy.audience)))
    return bad("the token is for another audience");
  return {};
}

Result<PermissionSet> read_permissions(const Value& claims) {
  PermissionSet permissions;
  const Value* claim = claims.find("permissions");
  if (!claim) return permissions;
  if (!claim->is_list()) return bad("the token's \"permissions\" is not a list");
  for (const Value& word : claim->list()) {
    if (!word.is_string()) return bad("the token's \"permissions\" is not a list of words");
    if (const auto permission = parse_permission(word.string())) permissions.add(*permission);
  }
  return permissions;
}

}  // namespace

Result<Identity> read_claims(const Value& claims, const ClaimPolicy& policy, Clock::Wall now) {
  Identity identity;
  NX_TRY_VOID(check_times(claims, policy, now, identity));
  NX_TRY_VOID(check_parties(claims, policy));
  NX_TRY(identity.subject, read_name(claims, "sub"));
  NX_TRY(identity.workspace, read_name(claims, "workspace_id"));
  NX_TRY(identity.permissions, read_permissions(claims));
  return identity;
}

}  // namespace nexus::auth
