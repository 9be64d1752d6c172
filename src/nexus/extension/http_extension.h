#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/extension/extension.h"
#include "nexus/extension/http_client.h"
#include "nexus/extension/http_secrets.h"
#include "nexus/loop/loop.h"

namespace nexus::extension {

struct HttpOptions {
  std::chrono::milliseconds timeout{30'000};  // default and upper bound of every call
  // Exact host names; absent: every public host.
  std::optional<std::vector<std::string>> allowed_domains;
  // "host:port" entries whose address may be private.
  std::vector<std::string> private_hosts;
  HttpSecrets secrets = {};
  HttpClientOptions client;
};

// "nexus.http": get, delete, head, options (url, options?), post, put, patch (url, body?, options?)
// and request({method, url, headers, body, timeout, idempotent}); each answers {status, statusText,
// headers, data, ok} and reports {received, total?} in bytes. Its one setting is baseURL. `loop`
// outlives the extension, and so does every answer posted to it. Error kInvalidArgument names a bad
// entry of the host lists.
Result<std::unique_ptr<Extension>> make_http_extension(loop::Loop& loop,
                                                       const HttpOptions& options);

}  // namespace nexus::extension
