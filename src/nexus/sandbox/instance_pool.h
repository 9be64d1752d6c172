#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/sandbox/sandbox.h"

namespace nexus::sandbox {

// A bounded set of restored, ready-to-run instances, the most recently used one first.
//
// The bound is on instances that run at once: a suspended run holds none. Guarded: any thread, but lease()
// and the end of a Lease need a ThreadScope.
class InstancePool {
 public:
  struct Options {
    std::uint32_t min = 2;   // made at once
    std::uint32_t max = 10;  // at least 1
  };

  // An instance on loan. Destroying it restores the instance and gives it back.
  class Lease {
   public:
    Lease(InstancePool& pool, std::unique_ptr<Instance> instance) : pool_(&pool), instance_(std::move(instance)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Instance* operator->() const { return instance_.get(); }
    Instance& operator*() const { return *instance_; }
    // The run did not return by itself: the instance is restored from the image as a whole.
    void poison() { poisoned_ = true; }

   private:
    InstancePool* pool_;
    std::unique_ptr<Instance> instance_;
    bool poisoned_ = false;
  };

  // Makes the first instances. Error when not even one can be made.
  static Result<std::unique_ptr<InstancePool>> create(Sandbox& sandbox, const Options& options);

  // Waits, in no promised order, until fewer than `max` instances run. Error kCancelled after shutdown(),
  // kWasmError when the system has no memory for another instance.
  Result<Lease> lease();

  // Lets nobody in any more and wakes those who wait.
  void shutdown();

  struct Counts {
    std::uint32_t active = 0;
    std::uint32_t available = 0;
    std::uint32_t waiting = 0;
    std::uint64_t created = 0;
  };
  Counts counts() const;

 private:
  InstancePool(Sandbox& sandbox, const Options& options) : sandbox_(sandbox), options_(options) {}
  void give_back(std::unique_ptr<Instance> instance, bool poisoned);

  Sandbox& sandbox_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Instance>> available_;  // guarded by mutex_
  Counts counts_;                                     // guarded by mutex_
  bool closed_ = false;                               // guarded by mutex_
};

}  // namespace nexus::sandbox
