#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "nexus/loop/loop.h"

namespace nexus::loop {

// A loop, and an executor that runs its tasks in place: on the thread that drives the loop, as the
// last act of a callback, which costs no change of thread (docs/ARCHITECTURE.md, D4).
//
// A task that lasts longer than about a millisecond keeps its thread and loses the loop, which a
// spare thread drives from then on. So a task must touch nothing that lives on the loop; it comes
// back by post(). When it goes on to use the processor it continues at a lower priority, and the
// next task of its kind is run beside the loop from the start, until one is quick again. So is one
// of a kind that nobody has seen yet, at the usual priority until it has used the processor for long.
class HandOff {
 public:
  struct Options {
    // How many slow tasks may run beside the loop; one more may be found to be slow in place. When
    // all of them run, further tasks wait and the loop goes on without.
    unsigned max_slow = 10;
    std::size_t max_waiting = 1000;
    // Runs first on each thread that runs tasks; its result is kept until the thread ends.
    std::function<std::shared_ptr<void>()> on_thread_start = {};
    // A task that is seen in place at two looks in a row loses the loop; one that uses the
    // processor for as long again is slow.
    std::chrono::microseconds time_between_looks{500};
  };

  static std::unique_ptr<HandOff> create(Options options);
  virtual ~HandOff() = default;

  // Its run() may be called once. The caller's thread watches while others drive; run() returns
  // when the loop was stopped and each task under way has ended.
  virtual Loop& loop() = 0;
  // To be called on the loop.
  virtual Executor& executor() = 0;
};

}  // namespace nexus::loop
