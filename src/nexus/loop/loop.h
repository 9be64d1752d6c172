#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

namespace boost::asio {
class io_context;
}

namespace nexus::loop {

// A timer under way. Destroying it cancels it: its task is then never run. Loop thread only.
class Timer {
 public:
  virtual ~Timer() = default;
};

// One event loop: what is posted to it runs on the thread that drives it, one task at a time.
// Everything that "lives on a loop" is touched by that thread only. Which thread that is may change
// between two tasks (hand_off.h), so nothing of it may be thread-local.
class Loop {
 public:
  static std::unique_ptr<Loop> create();
  virtual ~Loop() = default;

  // Runs `task` later on the loop's thread. The only call that any thread may make.
  virtual void post(std::function<void()> task) = 0;

  // Runs `task` once after `delay`, unless the Timer is destroyed first. Loop thread only.
  virtual std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                                       std::function<void()> task) = 0;

  // Drives the loop until stop().
  virtual void run() = 0;
  // Any thread.
  virtual void stop() = 0;
  // Whether the caller is the thread that drives the loop, or no thread does.
  virtual bool on_loop_thread() const = 0;

  // For the .cc files of server/ and extension/, which speak Asio themselves.
  virtual boost::asio::io_context& context() = 0;
};

// Runs tasks, each one once.
class Executor {
 public:
  virtual ~Executor() = default;

  // False when too many wait already; the task is then not run. Tasks of one `kind` tend to last
  // equally long; 0 says nothing.
  virtual bool submit(std::function<void()> task, std::uint64_t kind = 0) = 0;
};

// A fixed number of threads that run blocking or CPU-heavy tasks in order of submission. Destroying
// it waits for the running tasks and drops the waiting ones.
class ThreadPool : public Executor {
 public:
  // `on_thread_start` runs first on each thread and its result is kept until the thread ends (for
  // example a sandbox::ThreadScope).
  static std::unique_ptr<ThreadPool> create(
      unsigned threads, std::size_t max_waiting,
      std::function<std::shared_ptr<void>()> on_thread_start = {});

  // False when `max_waiting` tasks wait already. Any thread.
  bool submit(std::function<void()> task, std::uint64_t kind = 0) override = 0;
};

}  // namespace nexus::loop
