#include "nexus/auth/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace nexus::auth {

std::optional<std::chrono::milliseconds> RateLimiter::admit(const std::string& caller,
                                                            Clock::Steady now) {
  Bucket* bucket = buckets_.find(caller);
  if (!bucket) bucket = &buckets_.insert(caller, {burst_, now});
  const std::chrono::duration<double> passed = now - bucket->filled;
  bucket->tokens = std::min(burst_, bucket->tokens + passed.count() * per_second_);
  bucket->filled = now;
  if (bucket->tokens < 1) {
    const double missing_ms = (1 - bucket->tokens) / per_second_ * 1000;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(missing_ms)));
  }
  bucket->tokens -= 1;
  return std::nullopt;
}

}  // namespace nexus::auth
