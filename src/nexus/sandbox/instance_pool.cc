#include "nexus/sandbox/instance_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "nexus/base/check.h"
#include "nexus/sandbox/entry.h"

namespace nexus::sandbox {
namespace {

// Among how many idle instances a thread looks for the one it used last.
constexpr std::ptrdiff_t kLooks = 8;

Error shutting_down() { return Error{ErrorCode::kCancelled, "the engine is shutting down"}; }

}  // namespace

InstancePool::Lease::~Lease() {
  if (instance_ != nullptr) pool_->give_back(std::move(instance_));
}

Result<std::unique_ptr<InstancePool>> InstancePool::create(Sandbox& sandbox, const Options& options) {
  if (options.max == 0 || options.min > options.max)
    return Error{ErrorCode::kInvalidArgument, "the pool cannot keep " + std::to_string(options.min) + " of at most " +
                                                  std::to_string(options.max) +
                                                  " instances: the maximum is at least 1 and not below the minimum"};
  std::unique_ptr<InstancePool> pool(new InstancePool(sandbox, options));
  while (pool->available_.size() < options.min) {
    auto made = pool->make();
    if (made.ok()) {
      pool->available_.push_back({std::move(made).take(), std::chrono::steady_clock::now(), {}, true});
      continue;
    }
    if (pool->available_.empty()) return std::move(made).take_error();
    pool->warm_up_failure_ = std::move(made).take_error();
    break;
  }
  pool->trimmer_ = thread_without_signals([raw = pool.get()] { raw->trim_when_due(); });
  return pool;
}

InstancePool::~InstancePool() {
  {
    const std::lock_guard lock(mutex_);
    NX_CHECK(permits_used_ == 0);
    closed_ = true;
  }
  trim_wake_.notify_one();
  if (trimmer_.joinable()) trimmer_.join();
}

Result<std::unique_ptr<Instance>> InstancePool::make() {
  NX_TRY(auto instance, sandbox_.new_instance());
  const std::lock_guard lock(mutex_);
  all_.push_back(instance.get());
  ++created_;
  return instance;
}

Result<InstancePool::Lease> InstancePool::lease(Time deadline) {
  Waiter waiter;
  {
    std::unique_lock lock(mutex_);
    if (closed_) return shutting_down();
    if (permits_used_ == options_.max || !waiters_.empty()) {
      NX_TRY_VOID(wait_in_line(lock, waiter, deadline));
    } else {
      ++permits_used_;
      waiter.instance = take_available();
    }
  }
  if (waiter.instance != nullptr) return Lease(*this, std::move(waiter.instance));
  auto made = make();
  if (made.ok()) return Lease(*this, std::move(made).take());
  const std::lock_guard lock(mutex_);
  pass_on(nullptr);
  return std::move(made).take_error();
}

// nullptr when there is none. Holds mutex_.
std::unique_ptr<Instance> InstancePool::take_available() {
  if (available_.empty()) return nullptr;
  const auto few = std::min<std::ptrdiff_t>(kLooks, std::ssize(available_));
  auto best = std::find_if(available_.rbegin(), available_.rbegin() + few,
                           [self = std::this_thread::get_id()](const Idle& idle) { return idle.user == self; });
  if (best == available_.rbegin() + few) best = available_.rbegin();
  std::unique_ptr<Instance> instance = std::move(best->instance);
  available_.erase(std::next(best).base());
  return instance;
}

// With success the caller holds a permit.
Result<void> InstancePool::wait_in_line(std::unique_lock<std::mutex>& lock, Waiter& waiter, Time deadline) {
  const Time start = std::chrono::steady_clock::now();
  waiters_.push_back(&waiter);
  waiter.wake.wait_until(lock, deadline, [this, &waiter] { return waiter.granted || closed_; });
  if (waiter.granted) return {};
  std::erase(waiters_, &waiter);
  if (closed_) return shutting_down();
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  return Error{ErrorCode::kResourceLimit, "all " + std::to_string(options_.max) +
                                              " sandbox instances were busy for " + std::to_string(waited.count()) +
                                              " ms; try again later"};
}

void InstancePool::give_back(std::unique_ptr<Instance> instance) {
  // Outside the lock: this is where the work of a reset is.
  const Time start = std::chrono::steady_clock::now();
  const bool usable = instance->restore();
  if (options_.on_restored) options_.on_restored(std::chrono::steady_clock::now() - start);
  const std::lock_guard lock(mutex_);
  if (!usable || closed_) {
    ++(usable ? retired_ : replaced_);
    forget(*instance);
    instance.reset();
  }
  pass_on(std::move(instance));
}

// Gives a permit, and the instance if there is one, to the first in line, or back. Holds mutex_.
void InstancePool::pass_on(std::unique_ptr<Instance> instance) {
  if (!closed_ && !waiters_.empty()) {
    Waiter& first = *waiters_.front();
    waiters_.pop_front();
    first.granted = true;
    first.instance = std::move(instance);
    first.wake.notify_one();
    return;
  }
  --permits_used_;
  if (instance == nullptr) return;
  available_.push_back({std::move(instance), std::chrono::steady_clock::now(), std::this_thread::get_id()});
  if (!nothing_due_) return;
  nothing_due_ = false;
  trim_wake_.notify_one();
}

void InstancePool::forget(const Instance& instance) { std::erase(all_, &instance); }

std::optional<InstancePool::Time> InstancePool::trim(Time now) {
  std::vector<std::unique_ptr<Instance>> idle;  // destroyed last, without the lock
  const std::lock_guard lock(mutex_);
  while (available_.size() > options_.min && available_.front().since + options_.idle_time <= now) {
    ++retired_;
    forget(*available_.front().instance);
    idle.push_back(std::move(available_.front().instance));
    available_.pop_front();
  }
  shrink_idle(now);
  // The least recently used ones are first, and those that are shrunk are among them.
  const bool above = available_.size() > options_.min;
  const auto next = above ? available_.begin() : std::ranges::find(available_, false, &Idle::shrunk);
  // Said under the same lock: an instance that comes back before the trimmer waits must wake it.
  nothing_due_ = next == available_.end();
  if (nothing_due_) return std::nullopt;
  return next->since + options_.idle_time;
}

// Holds mutex_.
void InstancePool::shrink_idle(Time now) {
  for (Idle& idle : available_) {
    if (idle.shrunk || idle.since + options_.idle_time > now) continue;
    idle.shrunk = true;
    if (idle.instance->restore_whole()) continue;
    ++replaced_;
    forget(*idle.instance);
    idle.instance.reset();
  }
  std::erase_if(available_, [](const Idle& idle) { return idle.instance == nullptr; });
}

void InstancePool::trim_when_due() {
  std::unique_lock lock(mutex_);
  while (!closed_) {
    lock.unlock();
    const std::optional<Time> due = trim(std::chrono::steady_clock::now());
    lock.lock();
    if (due) {
      trim_wake_.wait_until(lock, *due, [this] { return closed_; });
    } else {
      trim_wake_.wait(lock, [this] { return closed_ || !nothing_due_; });
    }
  }
}

void InstancePool::shutdown() {
  std::deque<Idle> idle;  // destroyed last, without the lock
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (const Idle& each : available_) forget(*each.instance);
    retired_ += available_.size();
    idle.swap(available_);
    for (Waiter* const waiter : waiters_) waiter->wake.notify_one();
  }
  trim_wake_.notify_one();
  sandbox_.stop_runs();
}

InstancePool::Counts InstancePool::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts{.active = permits_used_,
                .available = static_cast<std::uint32_t>(available_.size()),
                .waiting = static_cast<std::uint32_t>(waiters_.size()),
                .created = created_,
                .replaced = replaced_,
                .retired = retired_};
  for (const Instance* const instance : all_) counts.memory_bytes += instance->private_bytes();
  return counts;
}

}  // namespace nexus::sandbox
