#include "nexus/extension/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;

// Without transfers and without anybody waiting, only a wake-up ends the poll.
constexpr int kIdlePollMs = 60'000;
constexpr long kMaxIdleConnections = 32;

void initialize_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { NX_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

struct Request {
  std::uint64_t id = 0;
  std::unique_ptr<HttpTransfer> transfer;
  std::function<void(Result<HttpResponse>)> finished;
};

// What other threads hand over.
struct Inbox {
  std::vector<Request> started;
  std::vector<std::uint64_t> cancelled;
  bool stop = false;
};

class ThreadedHttpClient : public HttpClient {
 public:
  ThreadedHttpClient(HttpPolicy policy, const HttpClientOptions& options)
      : policy_(std::move(policy)), options_(options), multi_(curl_multi_init()) {
    NX_CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
    thread_ = std::thread([this] { run(); });
  }

  ~ThreadedHttpClient() override {
    {
      const std::scoped_lock lock(mutex_);
      inbox_.stop = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    for (auto& [easy, request] : active_) curl_multi_remove_handle(multi_, easy);
    active_.clear();
    curl_multi_cleanup(multi_);
  }

  Result<std::uint64_t> start(HttpRequest request, Callbacks callbacks) override {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    const std::scoped_lock lock(mutex_);
    if (open_ >= options_.max_concurrent + options_.max_waiting)
      return Error{
          ErrorCode::kResourceLimit,
          fmt::format("too many HTTP requests: {} under way and {} waiting, limits {} and {}",
                      options_.max_concurrent, options_.max_waiting, options_.max_concurrent,
                      options_.max_waiting)};
    ++open_;
    const std::uint64_t id = next_id_++;
    inbox_.started.push_back(
        {id,
         std::make_unique<HttpTransfer>(std::move(request), policy_, options_.limits, deadline,
                                        std::move(callbacks.progress)),
         std::move(callbacks.finished)});
    curl_multi_wakeup(multi_);
    return id;
  }

  void cancel(std::uint64_t id) override {
    const std::scoped_lock lock(mutex_);
    inbox_.cancelled.push_back(id);
    curl_multi_wakeup(multi_);
  }

 private:
  void run();
  bool take_inbox();
  void drop(std::uint64_t id);
  void fill_slots();
  void launch(Request request);
  void collect_finished();
  void expire_waiting(Clock::Steady now);
  int poll_timeout(Clock::Steady now) const;
  void answer(Request request, Result<HttpResponse> result);
  void close_one();

  // Set once.
  const HttpPolicy policy_;
  const HttpClientOptions options_;
  CURLM* const multi_;

  std::mutex mutex_;
  // Guarded by mutex_.
  Inbox inbox_;
  std::size_t open_ = 0;  // handed over and not yet answered or dropped
  std::uint64_t next_id_ = 1;

  // Touched by thread_ only, until it has been joined.
  std::deque<Request> waiting_;
  std::map<CURL*, Request> active_;

  std::thread thread_;
};

void ThreadedHttpClient::run() {
  while (take_inbox()) {
    const auto now = std::chrono::steady_clock::now();
    expire_waiting(now);
    fill_slots();
    int running = 0;
    curl_multi_perform(multi_, &running);
    collect_finished();
    // A finished transfer leaves a slot, and a redirect has a hop to start: both before sleeping.
    if (!waiting_.empty() && active_.size() < options_.max_concurrent) continue;
    curl_multi_poll(multi_, nullptr, 0, poll_timeout(now), nullptr);
  }
}

// False when the client is to stop.
bool ThreadedHttpClient::take_inbox() {
  Inbox inbox;
  {
    const std::scoped_lock lock(mutex_);
    std::swap(inbox, inbox_);
  }
  if (inbox.stop) return false;
  for (auto& request : inbox.started) waiting_.push_back(std::move(request));
  for (const auto id : inbox.cancelled) drop(id);
  return true;
}

void ThreadedHttpClient::drop(std::uint64_t id) {
  const auto waiting = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const Request& request) { return request.id == id; });
  if (waiting != waiting_.end()) {
    waiting_.erase(waiting);
    close_one();
    return;
  }
  const auto active = std::find_if(active_.begin(), active_.end(),
                                   [&](const auto& entry) { return entry.second.id == id; });
  if (active == active_.end()) return;
  curl_multi_remove_handle(multi_, active->first);
  active_.erase(active);
  close_one();
}

void ThreadedHttpClient::fill_slots() {
  while (!waiting_.empty() && active_.size() < options_.max_concurrent) {
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    launch(std::move(request));
  }
}

void ThreadedHttpClient::launch(Request request) {
  auto easy = request.transfer->begin(std::chrono::steady_clock::now());
  if (!easy.ok()) return answer(std::move(request), std::move(easy).take_error());
  NX_CHECK(curl_multi_add_handle(multi_, *easy) == CURLM_OK);
  active_.emplace(*easy, std::move(request));
}

void ThreadedHttpClient::collect_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message dies with the removal of its handle.
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    auto node = active_.extract(easy);
    NX_CHECK(!node.empty());
    Request request = std::move(node.mapped());
    curl_multi_remove_handle(multi_, easy);
    auto result = request.transfer->finish(code);
    if (result) {
      answer(std::move(request), std::move(*result));
    } else {
      launch(std::move(request));
    }
  }
}

void ThreadedHttpClient::expire_waiting(Clock::Steady now) {
  std::vector<Request> expired;
  for (auto& request : waiting_)
    if (request.transfer->deadline() <= now) expired.push_back(std::move(request));
  std::erase_if(waiting_, [](const Request& request) { return request.transfer == nullptr; });
  for (auto& request : expired) {
    Error error = request.transfer->timeout_error();
    answer(std::move(request), std::move(error));
  }
}

int ThreadedHttpClient::poll_timeout(Clock::Steady now) const {
  auto timeout = milliseconds{kIdlePollMs};
  for (const auto& request : waiting_)
    timeout =
        std::min(timeout, std::chrono::ceil<milliseconds>(request.transfer->deadline() - now));
  return static_cast<int>(std::max(timeout, milliseconds{0}).count());
}

void ThreadedHttpClient::answer(Request request, Result<HttpResponse> result) {
  // The place is free before the answer is out: who has the answer may use it.
  close_one();
  request.finished(std::move(result));
}

void ThreadedHttpClient::close_one() {
  const std::scoped_lock lock(mutex_);
  --open_;
}

}  // namespace

std::unique_ptr<HttpClient> HttpClient::create(HttpPolicy policy,
                                               const HttpClientOptions& options) {
  initialize_libcurl();
  return std::make_unique<ThreadedHttpClient>(std::move(policy), options);
}

}  // namespace nexus::extension
