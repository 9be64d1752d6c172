#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "nexus/auth/key.h"
#include "nexus/capability/capability.h"
#include "nexus/extension/http_policy.h"
#include "settings_table.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

Error refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool is_loopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

Result<void> check_host_lists(const Settings& settings) {
  using nexus::extension::HttpPolicy;
  const auto name_it = [](std::string_view name, const Error& error) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, error.message)};
  };
  const auto domains = HttpPolicy::create(settings.http_allowed_domains, {});
  if (!domains.ok()) return name_it("HTTP_ALLOWED_DOMAINS", domains.error());
  const auto hosts = HttpPolicy::create({}, settings.http_allow_private_hosts);
  if (!hosts.ok()) return name_it("HTTP_ALLOW_PRIVATE_HOSTS", hosts.error());
  return {};
}

Result<void> check_policy(const Settings& settings) {
  if (!settings.capability_policy) return {};
  for (const std::string& word : *settings.capability_policy)
    if (const auto token = nexus::capability::parse_token(word); !token.ok())
      return refuse("CAPABILITY_POLICY: " + token.error().message);
  return {};
}

// A plain connection lets whoever is in between hand out keys.
bool is_safe_url(std::string_view url) {
  if (url.starts_with("https://")) return true;
  if (!url.starts_with("http://")) return false;
  url.remove_prefix(7);
  const bool is_v6 = url.starts_with('[');
  const std::string host(is_v6 ? url.substr(1, url.find(']') - 1)
                               : url.substr(0, url.find_first_of(":/?#")));
  return is_loopback(host);
}

Result<void> check_authentication(Settings& settings) {
  const bool has_set = !settings.jwt_jwks_file.empty() || !settings.jwt_jwks_url.empty();
  if (!settings.auth_enabled) {
    if (has_set || !settings.jwt_secret.empty())
      settings.warnings.emplace_back(
          "keys for tokens are set but AUTH_ENABLED is not true: nobody is asked for a token");
    return {};
  }
  if (settings.jwt_secret.empty() && !has_set)
    return refuse(
        "JWT_SECRET: \"\" is not a secret of at least 32 bytes; AUTH_ENABLED=true needs it, "
        "JWT_JWKS_FILE or JWT_JWKS_URL");
  if (!settings.jwt_secret.empty()) {
    const auto key = nexus::auth::make_secret_key(settings.jwt_secret);
    if (!key.ok()) return refuse("JWT_SECRET: " + key.error().message);
  }
  if (!settings.jwt_jwks_file.empty() && !settings.jwt_jwks_url.empty())
    return refuse("JWT_JWKS_URL: JWT_JWKS_FILE is set too; give one of them");
  if (!settings.jwt_jwks_url.empty() && !is_safe_url(settings.jwt_jwks_url))
    return bad("JWT_JWKS_URL", settings.jwt_jwks_url, "an https address (or http on this machine)");
  return {};
}

}  // namespace

Result<void> reconcile(const GivenValues& given, Settings& settings) {
  if (!given.contains("MIN_INSTANCES"))
    settings.min_instances = std::min(settings.min_instances, settings.max_instances);
  if (settings.min_instances > settings.max_instances)
    return bad("MIN_INSTANCES", std::to_string(settings.min_instances),
               fmt::format("at most MAX_INSTANCES, which is {}", settings.max_instances));
  if (!given.contains("MAX_PANELS_PER_WORKSPACE"))
    settings.max_panels_per_workspace = settings.max_panels;
  // Where there are several workspaces, something is left for the others when one takes all it may. Where there is one,
  // its quick runs go on beside as many slow ones as there may be.
  if (!given.contains("MAX_RUNS_PER_WORKSPACE"))
    settings.max_runs_per_workspace =
        settings.auth_enabled ? std::max<std::uint64_t>(1, settings.max_instances * 4 / 5)
                              : settings.max_instances + 1;
  if (!given.contains("HTTP_TIMEOUT"))
    settings.http_timeout = std::min(settings.http_timeout, settings.suspension_timeout_ms - 1);
  if (!given.contains("SUSPENSION_TIMEOUT_MS"))
    settings.suspension_timeout_ms =
        std::max(settings.suspension_timeout_ms, settings.http_timeout + 1);
  if (settings.suspension_timeout_ms <= settings.http_timeout)
    return bad("SUSPENSION_TIMEOUT_MS", std::to_string(settings.suspension_timeout_ms),
               fmt::format("more than HTTP_TIMEOUT, which is {}", settings.http_timeout));
  if (settings.http_port == settings.ws_port && settings.http_port != 0)
    return bad("WS_PORT", std::to_string(settings.ws_port), "another port than HTTP_PORT");
  if (settings.metrics_port != 0 &&
      (settings.metrics_port == settings.http_port || settings.metrics_port == settings.ws_port))
    return bad("METRICS_PORT", std::to_string(settings.metrics_port),
               "another port than HTTP_PORT and WS_PORT");
  if (settings.store == "postgres")
    return refuse("STORE: \"postgres\" is not in this release; use sqlite, the default");
  NX_TRY_VOID(check_host_lists(settings));
  NX_TRY_VOID(check_policy(settings));
  NX_TRY_VOID(check_authentication(settings));
  if (!is_loopback(settings.host) && !settings.insecure && !settings.auth_enabled)
    return refuse(fmt::format(
        "HOST: \"{}\" is reachable from other machines and this server asks nobody "
        "for a token; set AUTH_ENABLED=true, give --insecure to accept that, or use 127.0.0.1",
        settings.host));
  return {};
}

}  // namespace nexusd
