#pragma once

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/extension/http_policy.h"
#include "nexus/extension/http_request.h"

namespace nexus::extension {

// Bounds on one transfer.
struct TransferLimits {
  std::size_t response_bytes = 4 * 1024 * 1024;  // body, after decompression
  std::size_t header_bytes = 64 * 1024;
  int redirects = 5;
  // Between two reports of progress.
  std::chrono::milliseconds progress_interval{250};
};

// Bytes of the body so far, and of the whole body when the server said so.
using HttpProgress =
    std::function<void(std::size_t received, std::optional<std::size_t> total)>;

// One request from first connection to last byte, redirects included: builds the libcurl handle of
// each hop and judges what came of it. Redirects are followed here, not by libcurl, so that each
// target passes the policy like a first URL. Used by one thread at a time; knows nothing of queues.
class HttpTransfer {
 public:
  // `policy` and `limits` outlive the transfer. `deadline` ends all hops together. `on_progress` is
  // called while the transfer is driven.
  HttpTransfer(HttpRequest request, const HttpPolicy& policy, const TransferLimits& limits,
               Clock::Steady deadline, HttpProgress on_progress);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Prepares the next hop and returns the handle to drive, which the transfer keeps owning.
  Result<CURL*> begin(Clock::Steady now);

  // Takes libcurl's verdict on the hop. nullopt: call begin() again, a redirect is to be followed.
  std::optional<Result<HttpResponse>> finish(CURLcode code);

  Clock::Steady deadline() const { return deadline_; }
  // The error of a transfer that met its deadline.
  Error timeout_error() const;

 private:
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);

  void set_options(CURL* easy, std::chrono::milliseconds remaining);
  void set_body(CURL* easy);
  Result<void> check_secrets() const;
  void build_header_list();
  void report_progress();
  HttpResponse redacted_response();
  bool take_header_line(std::string_view line);
  void start_status_line(std::string_view line);
  Error failure(CURLcode code) const;
  Result<void> follow(const char* location, long status);
  void drop_body();

  struct EasyCloser {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListCloser {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  HttpRequest request_;
  const HttpPolicy& policy_;
  const TransferLimits& limits_;
  const Clock::Steady deadline_;
  const HttpProgress on_progress_;
  std::vector<std::shared_ptr<const HttpSecret>> secrets_;  // that the request carried at first
  int redirects_ = 0;

  // Of the present hop.
  CheckedUrl target_;
  std::unique_ptr<curl_slist, ListCloser> header_list_;
  std::unique_ptr<CURL, EasyCloser> easy_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
  bool address_refused_ = false;
  bool address_tried_ = false;
  std::optional<Clock::Steady> progress_at_;
};

}  // namespace nexus::extension
