#include "nexus/sandbox/watchdog.h"

#include <signal.h>

#include <algorithm>

#include "nexus/base/check.h"
#include "nexus/sandbox/entry.h"

namespace nexus::sandbox {
namespace {

// How often running guests are looked at: the error of every time limit.
constexpr std::chrono::milliseconds kTick{1};
// After the last run the thread goes on ticking for a while: waking it costs the next run a system call.
constexpr int kLingerTicks = 100;

}  // namespace

Watchdog::Watchdog(Means means) : means_(means) {
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

Watchdog::Place::Place(Watchdog& watchdog) : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.places_.push_back(this);
}

Watchdog::Place::~Place() {
  const std::lock_guard lock(watchdog_.mutex_);
  std::erase(watchdog_.places_, this);
}

Watchdog::Watch::Watch(Place& place, Time deadline, std::uint32_t run, std::uint32_t* flag) : place_(place) {
  {
    const std::lock_guard lock(place_.mutex_);
    NX_CHECK(!place_.run_);
    place_.run_ = {pthread_self(), deadline, run, flag, {}, false};
  }
  // The watching thread says that it sleeps before it looks for the last time: one of the two sees the other.
  if (place_.watchdog_.asleep_.load()) place_.watchdog_.wake();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(place_.mutex_);
  place_.run_.reset();
}

bool Watchdog::Watch::cancelled() const {
  const std::lock_guard lock(place_.watchdog_.mutex_);
  return place_.watchdog_.stop_all_;
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
    idle_ticks = look() ? 0 : idle_ticks + 1;
    if (idle_ticks > kLingerTicks) {
      asleep_ = true;
      if (!look()) wake_.wait(lock, [this] { return stopping_ || !asleep_; });
      asleep_ = false;
      idle_ticks = 0;
    }
    wake_.wait_for(lock, kTick);
  }
}

void Watchdog::wake() {
  {
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  wake_.notify_one();
}

// Deals with those whose time is up. False when nothing runs. Holds mutex_.
bool Watchdog::look() {
  const Time now = std::chrono::steady_clock::now();
  bool any = false;
  for (Place* const place : places_) {
    const std::lock_guard lock(place->mutex_);
    if (!place->run_) continue;
    any = true;
    strike(*place->run_, now);
  }
  return any;
}

// Holds mutex_ and that of the place.
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
