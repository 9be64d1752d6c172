#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/extension/extension.h"
#include "nexus/extension/http_client.h"
#include "nexus/extension/http_secrets.h"
#include "nexus/loop/loop.h"

namespace nexus::extension {

// How a call can end: with an answer of that class, refused before it was sent, without an answer in
// time, without one at all, or given up by its run.
inline constexpr std::array<std::string_view, 8> kHttpOutcomes = {
    "2xx", "3xx", "4xx", "5xx", "refused", "timeout", "failed", "cancelled"};

struct HttpOptions {
  std::chrono::milliseconds timeout{30'000};  // default and upper bound of every call
  // Exact host names; absent: every public host.
  std::optional<std::vector<std::string>> allowed_domains;
  // "host:port" entries whose address may be private.
  std::vector<std::string> private_hosts;
  HttpSecrets secrets = {};
  HttpClientOptions client;
  // Told of each call when it ends; `outcome` is one of kHttpOutcomes. Loop thread.
  std::function<void(std::string_view outcome, std::chrono::nanoseconds took)> on_call = {};
};

// "nexus.http": get, delete, head, options (url, options?), post, put, patch (url, body?, options?)
// and request({method, url, headers, body, timeout, idempotent}); each answers {status, statusText,
// headers, data, ok} and reports {received, total?} in bytes. Its one setting is baseURL. `loop`
// outlives the extension, and so does every answer posted to it. Error kInvalidArgument names a bad
// entry of the host lists.
Result<std::unique_ptr<Extension>> make_http_extension(loop::Loop& loop,
                                                       const HttpOptions& options);

}  // namespace nexus::extension
