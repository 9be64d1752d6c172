#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace nexus::sandbox {

// Ends runs whose time is up, by two independent means (design.md D5): first a flag in the guest's memory
// that the interpreter polls, and, when the guest has not come back a little later, a signal that unwinds
// it wherever it is. One thread serves all runs, so that a run costs no system call.
//
// Guarded: any thread.
class Watchdog {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Which of the two means are used; for tests that show that each one suffices.
  struct Means {
    bool flag = true;
    bool signal = true;
  };

  Watchdog() : Watchdog(Means{}) {}
  explicit Watchdog(Means means);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Watches the run `run` of the calling thread from construction to destruction.
  class Watch {
   public:
    Watch(Watchdog& watchdog, Time deadline, std::uint32_t run, std::uint32_t* flag);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // True when the run was to end because of stop_all(), whatever its deadline.
    bool cancelled() const;

   private:
    Watchdog& watchdog_;
  };

  // Ends the runs under way, and each later one as soon as it begins, by the same two means. Returns at once.
  void stop_all();

  // From the flag to the signal, and from one signal to the next: one that arrives before the guest is
  // entered, or for a thread that has no processor, must be followed by another, but not by a flood.
  static constexpr std::chrono::milliseconds kGrace{10};

 private:
  struct Run {
    pthread_t thread;
    Time deadline;
    std::uint32_t number;
    std::uint32_t* flag;  // in guest memory, writable and mapped while the run is watched
    Time next_signal;     // meaningful once flagged
    bool flagged;
  };

  void watch();
  void strike(Run& run, Time now) const;

  const Means means_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Run> runs_;   // guarded by mutex_
  bool asleep_ = false;     // guarded by mutex_
  bool stop_all_ = false;   // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::thread thread_;
};

}  // namespace nexus::sandbox
