#include "nexus/engine/run_clock.h"

namespace nexus::engine {

std::int64_t RunClock::read() {
  const std::int64_t now = replay_ != nullptr ? replay_next() : unix_ms(clock_.wall());
  if (!record_) return now;
  if (!recorded_.empty() && recorded_.back().unix_ms == now)
    ++recorded_.back().times;
  else
    recorded_.push_back({now, 1});
  if (recorded_.size() > kMaxRecorded) {
    record_ = false;
    recorded_ = {};
  }
  return now;
}

std::int64_t RunClock::replay_next() {
  if (replay_times_ >= (*replay_)[replay_at_].times && replay_at_ + 1 < replay_->size()) {
    ++replay_at_;
    replay_times_ = 0;
  }
  ++replay_times_;
  return (*replay_)[replay_at_].unix_ms;
}

std::optional<std::vector<ClockReading>> RunClock::recorded() const {
  return record_ ? std::optional(recorded_) : std::nullopt;
}

}  // namespace nexus::engine
