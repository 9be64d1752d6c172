#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/extension/http_policy.h"
#include "nexus/extension/http_request.h"
#include "nexus/extension/http_transfer.h"

namespace nexus::extension {

struct HttpClientOptions {
  std::size_t max_concurrent = 10;
  std::size_t max_waiting = 1000;  // behind those; one more is an error
  TransferLimits limits;
};

// Outbound HTTP for the whole process: libcurl's multi interface on one thread of its own, at most
// `max_concurrent` transfers at once and the others in order of arrival. start() and cancel() may
// be called on any thread.
class HttpClient {
 public:
  // Run on the client's thread, `finished` once, unless the request was cancelled first.
  struct Callbacks {
    std::function<void(Result<HttpResponse>)> finished;
    HttpProgress progress = [](std::size_t, std::optional<std::size_t>) {};
  };

  static std::unique_ptr<HttpClient> create(HttpPolicy policy, const HttpClientOptions& options);
  // Drops what is under way without calling back, and joins the thread.
  virtual ~HttpClient() = default;

  // The request's timeout starts now, waiting included. Error kResourceLimit when the queue is
  // full; no callback is then made.
  virtual Result<std::uint64_t> start(HttpRequest request, Callbacks callbacks) = 0;

  // No callback of this request runs after cancel() returned, unless it is running at this moment on
  // the client's thread. Unknown ids are ignored.
  virtual void cancel(std::uint64_t id) = 0;
};

}  // namespace nexus::extension
