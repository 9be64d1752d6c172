#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/sandbox/sandbox.h"

namespace nexus::sandbox {

// A bounded set of restored, ready-to-run instances, the most recently used one first; for a thread the one that it
// used itself, whose memory is in the cache of its processor, if that is among the last few.
//
// The bound is on instances that run at once: a suspended run holds none. Who finds all of them busy waits in
// line. Guarded: any thread, but lease() and the end of a Lease need a ThreadScope. Outlives its leases.
class InstancePool {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Options {
    std::uint32_t min = 2;   // made at once and kept
    std::uint32_t max = 10;  // at least 1, and not below min
    // Instances that nobody needed for so long are destroyed above `min`; the others give back the memory that
    // runs have left them.
    std::chrono::milliseconds idle_time{10'000};
    // Told how long each restoration took, on the thread that did it.
    std::function<void(std::chrono::nanoseconds)> on_restored = {};
  };

  // An instance on loan. Destroying it restores the instance and gives it back; one that cannot be restored
  // is destroyed, and the next lease makes another.
  class Lease {
   public:
    Lease(InstancePool& pool, std::unique_ptr<Instance> instance) : pool_(&pool), instance_(std::move(instance)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Instance* operator->() const { return instance_.get(); }
    Instance& operator*() const { return *instance_; }

   private:
    InstancePool* pool_;
    std::unique_ptr<Instance> instance_;
  };

  // Makes the first instances. Error kInvalidArgument for impossible options, kWasmError when not even one
  // instance can be made; when only later ones cannot, warm_up_failure() says why.
  static Result<std::unique_ptr<InstancePool>> create(Sandbox& sandbox, const Options& options);
  ~InstancePool();

  // For the operator: why fewer than `min` instances were made at the start; nullopt when all were.
  const std::optional<Error>& warm_up_failure() const { return warm_up_failure_; }

  // Takes an instance, first come, first served, waiting until `deadline` when `max` of them run. Error
  // kResourceLimit when it lapses, kCancelled after shutdown(), kWasmError when the system has no memory for
  // another instance. One thread waits per call, so the line is as long as the caller has threads.
  Result<Lease> lease(Time deadline);

  // Ends everything: who waits gets kCancelled, runs under way are stopped and exit with
  // StopReason::kCancelled, idle instances go. For good; returns at once, running instances go with their
  // leases. Stops the sandbox's runs outside this pool too.
  void shutdown();

  // Does what is due at `now` because of `idle_time`. The pool calls this by itself; for tests. Returns when
  // more will be due, nullopt when nothing will.
  std::optional<Time> trim(Time now);

  struct Counts {
    std::uint32_t active = 0;     // on loan, or being made for a lease
    std::uint32_t available = 0;  // idle
    std::uint32_t waiting = 0;    // calls of lease() in line
    std::uint64_t created = 0;    // since the start
    std::uint64_t replaced = 0;   // of them, destroyed because the system refused to restore them
    std::uint64_t retired = 0;    // of them, destroyed because they were idle, or by shutdown()
    std::uint64_t memory_bytes = 0;  // Instance::private_bytes() of all
  };
  Counts counts() const;

 private:
  struct Idle {
    std::unique_ptr<Instance> instance;
    Time since;
    std::thread::id user = {};  // the last one
    bool shrunk = false;  // has given back what runs left it
  };
  // One call of lease() in line. Has a permit once `granted`, and `instance` unless one is to be made.
  struct Waiter {
    std::condition_variable wake;
    bool granted = false;
    std::unique_ptr<Instance> instance;
  };

  InstancePool(Sandbox& sandbox, const Options& options) : sandbox_(sandbox), options_(options) {}
  Result<std::unique_ptr<Instance>> make();
  Result<void> wait_in_line(std::unique_lock<std::mutex>& lock, Waiter& waiter, Time deadline);
  std::unique_ptr<Instance> take_available();
  void give_back(std::unique_ptr<Instance> instance);
  void pass_on(std::unique_ptr<Instance> instance);
  void forget(const Instance& instance);
  void shrink_idle(Time now);
  void trim_when_due();

  Sandbox& sandbox_;
  const Options options_;
  std::optional<Error> warm_up_failure_;
  mutable std::mutex mutex_;
  std::deque<Idle> available_;        // guarded by mutex_; the most recently used one last
  std::deque<Waiter*> waiters_;       // guarded by mutex_; the first in line first
  std::vector<const Instance*> all_;  // guarded by mutex_; idle and on loan
  std::uint32_t permits_used_ = 0;    // guarded by mutex_; at most options_.max
  std::uint64_t created_ = 0;         // guarded by mutex_
  std::uint64_t replaced_ = 0;        // guarded by mutex_
  std::uint64_t retired_ = 0;         // guarded by mutex_
  bool closed_ = false;               // guarded by mutex_
  bool nothing_due_ = false;          // guarded by mutex_; trim() found nothing and none has come back since
  std::condition_variable trim_wake_;
  std::thread trimmer_;
};

}  // namespace nexus::sandbox
