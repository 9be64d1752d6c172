#pragma once

#include <pthread.h>

#include <atomic>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace nexus::sandbox {

// Ends runs whose time is up, by two independent means (design.md D5): first a flag in the guest's memory
// that the interpreter polls, and, when the guest has not come back a little later, a signal that unwinds
// it wherever it is. One thread serves all runs, so that a run costs no system call.
//
// Guarded: any thread.
class Watchdog {
  struct Run {
    pthread_t thread;
    std::chrono::steady_clock::time_point deadline;
    std::uint32_t number;
    std::uint32_t* flag;  // in guest memory, writable and mapped while the run is watched
    std::chrono::steady_clock::time_point next_signal;     // meaningful once flagged
    bool flagged;
  };

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

  // Where one run at a time is watched. Runs of different places share nothing, so that threads do not hold each
  // other up. Lives no longer than the watchdog.
  class Place {
   public:
    explicit Place(Watchdog& watchdog);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class Watchdog;
    Watchdog& watchdog_;
    std::mutex mutex_;
    std::optional<Run> run_;  // guarded by mutex_
  };

  // Watches the run `run` of the calling thread from construction to destruction.
  class Watch {
   public:
    Watch(Place& place, Time deadline, std::uint32_t run, std::uint32_t* flag);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // True when the run was to end because of stop_all(), whatever its deadline.
    bool cancelled() const;

   private:
    Place& place_;
  };

  // Ends the runs under way, and each later one as soon as it begins, by the same two means. Returns at once.
  void stop_all();

  // From the flag to the signal, and from one signal to the next: one that arrives before the guest is
  // entered, or for a thread that has no processor, must be followed by another, but not by a flood.
  static constexpr std::chrono::milliseconds kGrace{10};

 private:
  void watch();
  bool look();
  void strike(Run& run, Time now) const;
  void wake();

  const Means means_;
  std::mutex mutex_;  // is taken before that of a place
  std::condition_variable wake_;
  std::vector<Place*> places_;       // guarded by mutex_
  std::atomic<bool> asleep_ = false;  // written with mutex_ held
  bool stop_all_ = false;            // guarded by mutex_
  bool stopping_ = false;            // guarded by mutex_
  std::thread thread_;
};

}  // namespace nexus::sandbox
