#pragma once

#include <setjmp.h>
#include <signal.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "nexus/sandbox/stop.h"

namespace nexus::sandbox {

class Instance;
class LinearMemory;

// What one thread knows about the guest it is running. Read by signal handlers on the same thread.
struct ThreadState {
  // Where a stop unwinds to; meaningful while in_guest.
  sigjmp_buf unwind;
  LinearMemory* memory = nullptr;
  Instance* instance = nullptr;
  volatile sig_atomic_t in_guest = 0;      // generated code or a host function under it is on the stack
  volatile sig_atomic_t in_host = 0;       // a host function is: an unwind must wait for it
  volatile sig_atomic_t stop_pending = 0;  // the time limit struck while in_host
  volatile std::uint32_t run = 0;          // number of the run; a late signal for another one is ignored
  StopReason reason = StopReason::kNone;
  const char* trap_text = "";
  std::uintptr_t stack_low = 0;  // lowest address of this thread's stack, guard excluded
  std::uint32_t call_depth = 0;  // for translations that count calls
};

// Prepares the calling thread for running guests: an alternate signal stack, and the process-wide fault
// handlers on first use. Keep it alive for as long as the thread may enter a guest. A thread that has one
// already may make another; the inner one does nothing.
class ThreadScope {
 public:
  ThreadScope();
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  bool outermost_;
  stack_t previous_ = {};
  void* alternate_stack_ = nullptr;
};

// This thread's state, or nullptr without a ThreadScope.
ThreadState* thread_state();

// Leaves the guest: unwinds to the entry of the current run. No frame with a destructor may lie between.
[[noreturn]] void unwind_guest(ThreadState& state, StopReason reason, const char* text = "");

// To be called where an unwind arrives: a handler that never returned left the stop signal blocked.
void recover_from_unwind();

// A thread that runs `work` with every signal blocked: those meant for the program must not land on it.
std::thread thread_without_signals(std::function<void()> work);

// The signal that carries a time limit to the thread that runs the guest; its value is the run's number.
int stop_signal();

}  // namespace nexus::sandbox
