#pragma once

#include <chrono>
#include <cstdint>

namespace nexus {

// Wall and monotonic time enter through this interface so that tests decide what time it is.
// Any thread.
class Clock {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  using Wall = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;
  virtual Steady now() const = 0;
  virtual Wall wall() const = 0;

  // The machine's clocks; lives for the whole process.
  static const Clock& system();
};

// Milliseconds since the Unix epoch, the form of every timestamp on the wire.
std::int64_t unix_ms(Clock::Wall time);

}  // namespace nexus
