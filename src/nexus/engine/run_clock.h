#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/engine/request.h"

namespace nexus::engine {

// The time as one run sees it, in whole milliseconds: the machine's, or that of an earlier run, reading by
// reading. Everything in a run's outcome that is a time comes from here. One thread at a time.
class RunClock {
 public:
  // Different readings that are recorded; a run that takes more is not recorded. A run at its time limit of
  // five seconds takes 5,000 at most.
  static constexpr std::size_t kMaxRecorded = 65'536;

  // `replay`, when there is one, and `clock` outlive this. With `record` the readings are kept.
  RunClock(const Clock& clock, const std::vector<ClockReading>* replay, bool record)
      : clock_(clock), replay_(replay != nullptr && !replay->empty() ? replay : nullptr), record_(record) {}

  // Milliseconds since the Unix epoch. A replay that has given its last reading goes on giving it.
  std::int64_t read();

  // Nothing when recording was not asked for or met kMaxRecorded.
  std::optional<std::vector<ClockReading>> recorded() const;

 private:
  std::int64_t replay_next();

  const Clock& clock_;
  const std::vector<ClockReading>* const replay_;
  std::size_t replay_at_ = 0;
  std::uint32_t replay_times_ = 0;  // the reading at replay_at_ was given
  bool record_;
  std::vector<ClockReading> recorded_;
};

}  // namespace nexus::engine
