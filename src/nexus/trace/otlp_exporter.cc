#include "nexus/trace/otlp_exporter.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "nexus/base/check.h"

namespace nexus::trace {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kAttempts = 5;
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kFarewellTime{2000};
constexpr std::chrono::minutes kBetweenWarnings{1};

struct EndEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct EndList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct EndUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using HeaderList = std::unique_ptr<curl_slist, EndList>;

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  NX_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

bool is_web_address(const std::string& text) {
  const std::unique_ptr<CURLU, EndUrl> url(curl_url());
  NX_CHECK(url != nullptr);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return false;
  return text.starts_with("http://") || text.starts_with("https://");
}

// Answers are looked at for their status only.
std::size_t ignore_body(char*, std::size_t size, std::size_t count, void*) { return size * count; }

HeaderList make_headers(const std::vector<std::string>& lines) {
  HeaderList list(curl_slist_append(nullptr, "Content-Type: application/json"));
  for (const std::string& line : lines) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    NX_CHECK(longer != nullptr);
    list.release();
    list.reset(longer);
  }
  return list;
}

class Exporter final : public OtlpExporter {
 public:
  explicit Exporter(OtlpOptions options)
      : options_(std::move(options)),
        url_(options_.endpoint + (options_.endpoint.ends_with('/') ? "v1/traces" : "/v1/traces")),
        headers_(make_headers(options_.headers)),
        easy_(curl_easy_init()) {
    NX_CHECK(easy_ != nullptr);
    // Signals are for the threads that were made for them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { send_all(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~Exporter() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  void take(Span span) override {
    bool full;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= options_.max_waiting) {
        ++dropped_;
        return;
      }
      waiting_.push_back(std::move(span));
      full = waiting_.size() == options_.max_batch;
    }
    if (full) wake_.notify_one();
  }

  Counts counts() const override { return {exported_.load(), dropped_.load()}; }

 private:
  enum class Answer { kTaken, kLater, kRefused };

  void send_all() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      wake_.wait_for(lock, options_.interval,
                     [this] { return stopping_ || waiting_.size() >= options_.max_batch; });
      if (!stopping_) send_waiting(lock);
    }
    const SteadyTime end = std::chrono::steady_clock::now() + kFarewellTime;
    while (!waiting_.empty() && std::chrono::steady_clock::now() < end) {
      const std::vector<Span> batch = take_batch();
      count(batch.size(), post(batch, kFarewellTime));
    }
    dropped_ += waiting_.size();
  }

  // Holds the lock but while it sends.
  void send_waiting(std::unique_lock<std::mutex>& lock) {
    while (!stopping_ && !waiting_.empty()) {
      const std::vector<Span> batch = take_batch();
      Answer answer = Answer::kLater;
      milliseconds pause = kFirstPause;
      for (int attempt = 0; attempt < kAttempts && answer == Answer::kLater && !stopping_; ++attempt) {
        if (attempt > 0) {
          wake_.wait_for(lock, pause, [this] { return stopping_.load(); });
          pause *= 2;
        }
        lock.unlock();
        answer = post(batch, stopping_ ? kFarewellTime : options_.timeout);
        lock.lock();
      }
      count(batch.size(), answer);
    }
  }

  std::vector<Span> take_batch() {
    const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), options_.max_batch));
    std::vector<Span> batch(std::make_move_iterator(waiting_.begin()),
                            std::make_move_iterator(waiting_.begin() + size));
    waiting_.erase(waiting_.begin(), waiting_.begin() + size);
    return batch;
  }

  void count(std::size_t spans, Answer answer) {
    (answer == Answer::kTaken ? exported_ : dropped_) += spans;
  }

  Answer post(const std::vector<Span>& batch, milliseconds timeout) {
    const std::string body = to_otlp_json(options_.resource, batch);
    CURL* const easy = easy_.get();
    curl_easy_reset(easy);
    set(easy, CURLOPT_URL, url_.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    set(easy, CURLOPT_HTTPHEADER, headers_.get());
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(easy, CURLOPT_POSTFIELDS, body.c_str());
    set(easy, CURLOPT_WRITEFUNCTION, &ignore_body);
    if (const CURLcode code = curl_easy_perform(easy); code != CURLE_OK) {
      warn(curl_easy_strerror(code));
      return Answer::kLater;
    }
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2) return Answer::kTaken;
    warn(fmt::format("the collector answers {}", status));
    const bool busy = status == 429 || status == 502 || status == 503 || status == 504;
    return busy ? Answer::kLater : Answer::kRefused;
  }

  void warn(std::string_view why) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!options_.on_warning || (warned_at_ && now < *warned_at_ + kBetweenWarnings)) return;
    warned_at_ = now;
    options_.on_warning(fmt::format("traces cannot be sent to {}: {}", url_, why));
  }

  const OtlpOptions options_;
  const std::string url_;
  const HeaderList headers_;
  const std::unique_ptr<CURL, EndEasy> easy_;  // of the thread
  std::optional<SteadyTime> warned_at_;        // of the thread
  std::atomic<std::uint64_t> exported_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Span> waiting_;            // guarded by mutex_
  std::atomic<bool> stopping_ = false;  // written with mutex_ held
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::create(OtlpOptions options) {
  if (!is_web_address(options.endpoint))
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" is not the address of a collector, such as "
                             "http://127.0.0.1:4318",
                             options.endpoint)};
  return std::make_unique<Exporter>(std::move(options));
}

}  // namespace nexus::trace
