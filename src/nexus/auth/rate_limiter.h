#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "nexus/auth/lru_internal.h"
#include "nexus/base/clock.h"

namespace nexus::auth {

// A token bucket for each caller, by name. A new caller may send two seconds' worth at once. Memory
// is bounded: of very many callers those not heard of for longest start anew. One thread at a time.
class RateLimiter {
 public:
  // `per_second`: at least 1.
  RateLimiter(std::uint32_t per_second, std::size_t max_callers = 20'000)
      : buckets_(max_callers) {
    set_rate(per_second);
  }

  // For what comes from now on.
  void set_rate(std::uint32_t per_second) {
    per_second_ = per_second;
    burst_ = 2.0 * per_second;
  }

  // Counts one request of `caller`: nullopt when it may go on, else after how long one may again.
  std::optional<std::chrono::milliseconds> admit(const std::string& caller, Clock::Steady now);

  std::size_t callers() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = 0;
    Clock::Steady filled;  // `tokens` is of this moment
  };

  double per_second_;
  double burst_;
  Lru<Bucket> buckets_;
};

}  // namespace nexus::auth
