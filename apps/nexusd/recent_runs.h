#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "nexus/base/clock.h"
#include "nexus/panel/workspace.h"
#include "nexus/value/value.h"

namespace nexusd {

// The last slow and the last failed runs, for the operator's page. Lives on the loop.
class RecentRuns {
 public:
  // `clock` outlives it.
  explicit RecentRuns(const nexus::Clock& clock) : clock_(clock) {}

  void on_segment(const nexus::panel::SegmentReport& report);

  // {"slow":[{"at","panel","workspace","handler","run","status","runningMs"}],"failed":[{...,"code","message"}]},
  // the latest first.
  nexus::value::Object facts() const;

 private:
  struct Entry {
    nexus::Clock::Wall at;
    std::string panel, workspace, handler, run, code, message;
    std::int64_t running_us = 0;
  };
  static void keep(std::deque<Entry>& list, Entry entry);
  static nexus::value::List describe(const std::deque<Entry>& list);

  const nexus::Clock& clock_;
  std::deque<Entry> slow_, failed_;
};

}  // namespace nexusd
