#include "healthcheck.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

constexpr long kTimeoutMs = 3000;

// The address under which this machine reaches a server that is bound to `host`.
std::string reachable(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  if (host == "::" || host == "[::]") return "[::1]";
  if (host.find(':') != std::string::npos && !host.starts_with('[')) return "[" + host + "]";
  return host;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

}  // namespace

Result<void> check_running_server(const Settings& settings) {
  if (settings.http_port == 0)
    return Error{ErrorCode::kInvalidArgument, "HTTP_PORT: \"0\" is no port that can be asked"};
  const std::string url = fmt::format("http://{}:{}/readyz", reachable(settings.host), settings.http_port);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> request(curl_easy_init(),
                                                                     curl_easy_cleanup);
  if (!request) return Error{ErrorCode::kUnavailable, "libcurl cannot start"};
  curl_easy_setopt(request.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(request.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(request.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(request.get(), CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, drop);
  const CURLcode code = curl_easy_perform(request.get());
  if (code != CURLE_OK)
    return Error{ErrorCode::kUnavailable, fmt::format("{}: {}", url, curl_easy_strerror(code))};
  long status = 0;
  curl_easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return Error{ErrorCode::kUnavailable, fmt::format("{} answered {}", url, status)};
  return {};
}

}  // namespace nexusd
