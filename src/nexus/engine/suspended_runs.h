#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/engine/handler_run.h"

namespace nexus::engine {

// The runs that wait for extensions, found by any of the calls they wait for. A run that is being resumed
// is not in here: until it suspends again its other ids are unknown. Guarded: any thread.
class SuspendedRuns {
 public:
  // At most `max` runs of together `max_bytes`.
  SuspendedRuns(std::uint32_t max, std::size_t max_bytes) : max_(max), max_bytes_(max_bytes) {}

  // Keeps `run` under every open call. False when there is no room or after close().
  bool add(const std::shared_ptr<HandlerRun>& run);
  bool contains(const std::string& run_id) const;
  // Takes out the run that waits for `suspension_id`; nullptr when none does.
  std::shared_ptr<HandlerRun> take(std::string_view suspension_id);
  // Takes out a run; nullptr when it is not here.
  std::shared_ptr<HandlerRun> take_run(std::string_view run_id);
  // Forgets all and refuses new ones.
  void close();
  // Fills in runs_suspended and suspended_bytes.
  void describe(Stats& stats) const;

 private:
  void erase(const HandlerRun& run);

  const std::uint32_t max_;
  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<HandlerRun>> by_run_;  // guarded by mutex_
  std::unordered_map<std::string, HandlerRun*> by_suspension_;           // guarded by mutex_
  std::uint64_t bytes_ = 0;                                              // guarded by mutex_
  bool closed_ = false;                                                  // guarded by mutex_
};

}  // namespace nexus::engine
