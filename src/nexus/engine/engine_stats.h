#pragma once

#include <mutex>

#include "nexus/engine/engine.h"

namespace nexus::engine {

// Totals over all runs. Guarded: any thread.
class EngineStats {
 public:
  EngineStats();
  // Once per segment.
  void record(const Outcome& outcome);
  void record_compilation(bool cache_hit);
  // A copy; the fields that describe instances and suspended runs are left at 0.
  Stats read() const;

 private:
  mutable std::mutex mutex_;
  Stats stats_;  // guarded by mutex_
};

}  // namespace nexus::engine
