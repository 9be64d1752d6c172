#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "nexus/base/clock.h"

namespace nexus::server {

// How many messages one client may send: `rate` a second in the long run, twice as many at once.
// Loop thread only.
class MessageBudget {
 public:
  MessageBudget(std::uint32_t rate, Clock::Steady now)
      : rate_(rate), tokens_(2.0 * rate), filled_(now) {}

  // Takes one message. Zero when it was within the budget; else how long to wait before the next.
  std::chrono::milliseconds take(Clock::Steady now) {
    const std::chrono::duration<double> passed = now - filled_;
    filled_ = now;
    tokens_ = std::min(2.0 * rate_, tokens_ + passed.count() * rate_) - 1;
    if (tokens_ >= 0) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>(-tokens_ / rate_));
  }

 private:
  const double rate_;
  double tokens_;
  Clock::Steady filled_;
};

}  // namespace nexus::server
