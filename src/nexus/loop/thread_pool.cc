#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/loop/loop.h"

namespace nexus::loop {
namespace {

class FixedThreadPool final : public ThreadPool {
 public:
  FixedThreadPool(unsigned threads, std::size_t max_waiting,
                  std::function<std::shared_ptr<void>()> on_thread_start)
      : max_waiting_(max_waiting), on_thread_start_(std::move(on_thread_start)), idle_(threads) {
    NX_CHECK(threads > 0);
    threads_.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this]() noexcept { work(); });
  }

  ~FixedThreadPool() override {
    begin_stop();
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  FixedThreadPool(const FixedThreadPool&) = delete;
  FixedThreadPool& operator=(const FixedThreadPool&) = delete;

  bool submit(std::function<void()> task, std::uint64_t) override {
    {
      const std::lock_guard lock(mutex_);
      // A task that an idle thread is about to take does not count as waiting.
      if (stopping_ || waiting_.size() >= max_waiting_ + idle_) return false;
      waiting_.push_back(std::move(task));
    }
    wake_.notify_one();
    return true;
  }

 private:
  void begin_stop() {
    std::deque<std::function<void()>>
        dropped;  // destroyed without the lock: a task may own anything
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
  }

  void work() noexcept {
    const std::shared_ptr<void> kept = on_thread_start_ ? on_thread_start_() : nullptr;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      std::function<void()> task = std::move(waiting_.front());
      waiting_.pop_front();
      --idle_;
      lock.unlock();
      task();
      task = nullptr;  // what it captured is released before the next wait, without the lock
      lock.lock();
      ++idle_;
    }
  }

  // Set once in the constructor.
  const std::size_t max_waiting_;
  const std::function<std::shared_ptr<void>()> on_thread_start_;

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_;  // threads without a task, those still starting included
  bool stopping_ = false;

  std::vector<std::thread> threads_;  // last: they use everything above
};

}  // namespace

std::unique_ptr<ThreadPool> ThreadPool::create(
    unsigned threads, std::size_t max_waiting,
    std::function<std::shared_ptr<void>()> on_thread_start) {
  return std::make_unique<FixedThreadPool>(threads, max_waiting, std::move(on_thread_start));
}

}  // namespace nexus::loop
