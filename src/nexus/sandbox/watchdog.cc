#include "nexus/sandbox/watchdog.h"

#include <signal.h>

#include <algorithm>

#include "nexus/sandbox/entry.h"

namespace nexus::sandbox {
namespace {

// How often running guests are looked at: the error of every time limit.
constexpr std::chrono::milliseconds kTick{1};
// After the last run the thread goes on ticking for a while: waking it costs the next run a system call.
constexpr int kLingerTicks = 100;

}  // namespace

Watchdog::Watchdog(Means means) : means_(means) {
  runs_.reserve(64);
  thread_ = thread_without_signals([this] { watch(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog& watchdog, Time deadline, std::uint32_t run, std::uint32_t* flag)
    : watchdog_(watchdog) {
  bool wake;
  {
    const std::lock_guard lock(watchdog_.mutex_);
    watchdog_.runs_.push_back({pthread_self(), deadline, run, flag, {}, false});
    wake = watchdog_.asleep_;
  }
  if (wake) watchdog_.wake_.notify_one();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(watchdog_.mutex_);
  std::erase_if(watchdog_.runs_, [](const Run& run) { return pthread_equal(run.thread, pthread_self()); });
}

bool Watchdog::Watch::cancelled() const {
  const std::lock_guard lock(watchdog_.mutex_);
  return watchdog_.stop_all_;
}

void Watchdog::stop_all() {
  {
    const std::lock_guard lock(mutex_);
    stop_all_ = true;
  }
  wake_.notify_one();
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  int idle_ticks = 0;
  while (!stopping_) {
    idle_ticks = runs_.empty() ? idle_ticks + 1 : 0;
    if (idle_ticks > kLingerTicks) {
      asleep_ = true;
      wake_.wait(lock, [this] { return stopping_ || !runs_.empty(); });
      asleep_ = false;
      idle_ticks = 0;
    }
    wake_.wait_for(lock, kTick);
    const Time now = std::chrono::steady_clock::now();
    for (Run& run : runs_) strike(run, now);
  }
}

void Watchdog::strike(Run& run, Time now) const {
  if (!stop_all_ && now < run.deadline) return;
  if (!run.flagged) {
    run.flagged = true;
    run.next_signal = now + kGrace;
    if (means_.flag) __atomic_store_n(run.flag, 1u, __ATOMIC_RELAXED);
  }
  if (!means_.signal || now < run.next_signal) return;
  run.next_signal = now + kGrace;
  sigval value = {};
  value.sival_int = static_cast<int>(run.number);
  pthread_sigqueue(run.thread, stop_signal(), value);
}

}  // namespace nexus::sandbox
