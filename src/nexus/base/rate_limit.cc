#include "nexus/base/rate_limit.h"

#include <utility>

namespace nexus {

std::optional<std::uint64_t> RateLimit::admit(Clock::Steady now) {
  const std::lock_guard lock(mutex_);
  if (!start_ || now - *start_ >= period_) {
    start_ = now;
    passed_ = 0;
  }
  if (passed_ == burst_) {
    ++held_back_;
    return std::nullopt;
  }
  ++passed_;
  return std::exchange(held_back_, 0);
}

}  // namespace nexus
