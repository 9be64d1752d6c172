#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "nexus/base/clock.h"

namespace nexus {

// Lets `burst` events through per `period` and counts the rest: for log lines that anybody can cause.
// Any thread.
class RateLimit {
 public:
  RateLimit(std::uint32_t burst, std::chrono::milliseconds period) : burst_(burst), period_(period) {}

  // Whether the event of this moment may pass: the number held back since the last one that did, or
  // nullopt when it is held back itself.
  std::optional<std::uint64_t> admit(Clock::Steady now);

 private:
  const std::uint32_t burst_;
  const std::chrono::milliseconds period_;
  std::mutex mutex_;
  std::optional<Clock::Steady> start_;  // of the period; guarded by mutex_
  std::uint32_t passed_ = 0;            // in this period; guarded by mutex_
  std::uint64_t held_back_ = 0;         // since the last that passed; guarded by mutex_
};

}  // namespace nexus
