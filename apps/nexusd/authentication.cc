#include "authentication.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fstream>

#include "nexus/extension/http_client.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;
namespace auth = nexus::auth;
namespace extension = nexus::extension;
namespace loop = nexus::loop;

constexpr std::size_t kMaxSetBytes = 256 * 1024;
constexpr std::chrono::milliseconds kFetchTimeout{5000};

Result<std::string> read_set(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxSetBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof()))
    return Error{ErrorCode::kInvalidArgument, "the file cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

auth::FetchKeys from_file(std::string path) {
  return [path = std::move(path)](const auto& done) { done(read_set(path)); };
}

// "host:port" of a URL whose form was checked with the settings, as HttpPolicy names private hosts.
std::string authority_of(const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  std::string authority = url.substr(start, url.find_first_of("/?#", start) - start);
  const std::size_t name_end = authority.starts_with('[') ? authority.find(']') : 0;
  if (authority.find(':', name_end == std::string::npos ? 0 : name_end) == std::string::npos)
    authority += url.starts_with("https:") ? ":443" : ":80";
  return authority;
}

// The operator's address may be a private one. A redirect may lead to public hosts only.
Result<auth::FetchKeys> from_url(loop::Loop& on_loop, const std::string& url) {
  auto policy = extension::HttpPolicy::create(std::nullopt, {authority_of(url)});
  if (!policy.ok())
    return Error{ErrorCode::kInvalidArgument, "JWT_JWKS_URL: " + policy.error().message};
  extension::HttpClientOptions options;
  options.max_concurrent = 1;
  options.limits.response_bytes = kMaxSetBytes;
  std::shared_ptr<extension::HttpClient> client =
      extension::HttpClient::create(std::move(policy).take(), options);
  return auth::FetchKeys([&on_loop, url, client](std::function<void(Result<std::string>)> done) {
    extension::HttpRequest request;
    request.method = "GET";
    request.url = url;
    request.timeout = kFetchTimeout;
    auto finished = [&on_loop, done](Result<extension::HttpResponse> answer) {
      // Shared, since what is posted must be copyable.
      auto result = std::make_shared<Result<std::string>>(Error{});
      if (!answer.ok()) {
        *result = std::move(answer).take_error();
      } else if (answer->status != 200) {
        *result = Error{ErrorCode::kUnavailable, fmt::format("it answered {}", answer->status)};
      } else {
        *result = std::move(answer->body);
      }
      on_loop.post([done, result] { done(std::move(*result)); });
    };
    if (auto started = client->start(std::move(request), {.finished = std::move(finished)}); !started.ok())
      on_loop.post([done, error = started.error()] { done(Error(error)); });
  });
}

}  // namespace

Result<std::unique_ptr<auth::Authenticator>> make_authenticator(
    loop::Loop& on_loop, const Settings& settings, std::function<void(Result<void>)> started) {
  if (!settings.auth_enabled) return std::unique_ptr<auth::Authenticator>();
  auth::AuthenticatorOptions options;
  if (!settings.jwt_secret.empty()) {
    NX_TRY(options.secret, auth::make_secret_key(settings.jwt_secret));
  }
  options.min_refresh = std::chrono::milliseconds{settings.jwt_jwks_refresh_ms};
  options.max_age = 10 * options.min_refresh;
  if (!settings.jwt_issuer.empty()) options.claims.issuer = settings.jwt_issuer;
  if (!settings.jwt_audience.empty()) options.claims.audience = settings.jwt_audience;
  if (!settings.jwt_jwks_file.empty()) options.fetch_keys = from_file(settings.jwt_jwks_file);
  if (!settings.jwt_jwks_url.empty()) {
    NX_TRY(options.fetch_keys, from_url(on_loop, settings.jwt_jwks_url));
  }
  auto authenticator =
      std::make_unique<auth::Authenticator>(std::move(options), nexus::Clock::system());
  if (settings.jwt_jwks_file.empty()) {
    authenticator->start([started = std::move(started)](Result<void> result) {
      if (started) return started(std::move(result));
      if (!result.ok())
        spdlog::warn("JWT_JWKS_URL: {}; no key of it is known yet", result.error().message);
    });
    return authenticator;
  }
  Result<void> read;  // set at once: a file is read on the spot
  authenticator->start([&read](Result<void> result) { read = std::move(result); });
  if (!read.ok())
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("JWT_JWKS_FILE: \"{}\": {}", settings.jwt_jwks_file, read.error().message)};
  if (started) started({});
  return authenticator;
}

}  // namespace nexusd
