#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "nexus/base/check.h"
#include "nexus/loop/thread_priority_internal.h"

namespace nexus::loop {
namespace {

// The lowest: 15 parts of a processor against the loop's 1024. With a third of the loop's weight,
// ten slow tasks on two processors make a loop that sleeps and wakes 2000 times a second wait for
// milliseconds. Not SCHED_IDLE: short tasks that start beside the loop would stand still for as
// long as slow ones last.
constexpr int kSunkNice = 19;

// In nanoseconds. From Linux 6.12 on a thread that wakes takes the processor from one with a longer
// slice at once, where it may otherwise wait for the whole of that. Older systems ignore it.
constexpr std::uint64_t kShortSlice = 100'000;

// struct sched_attr of sched_setattr(2), which glibc 2.36 does not declare.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // of SCHED_OTHER: the slice, 0 for the system's
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

// 0 is the calling thread.
void set_scheduling(pid_t thread, int nice, std::uint64_t slice) {
  SchedulingAttributes attributes;
  attributes.nice = nice;
  attributes.runtime = slice;
  syscall(SYS_sched_setattr, thread, &attributes, 0u);
}

// Those of the calling thread, or none where they cannot be told.
cpu_set_t own_processors() {
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof processors, &processors) != 0) CPU_ZERO(&processors);
  return processors;
}

void leave_first_processor(pid_t thread) {
  cpu_set_t processors = own_processors();
  if (CPU_COUNT(&processors) < 2) return;
  int first = 0;
  while (!CPU_ISSET(first, &processors)) ++first;
  CPU_CLR(first, &processors);
  sched_setaffinity(thread, sizeof processors, &processors);
}

}  // namespace

clockid_t own_processor_clock() {
  clockid_t clock = {};
  NX_CHECK(pthread_getcpuclockid(pthread_self(), &clock) == 0);
  return clock;
}

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void ask_for_short_slices() { set_scheduling(0, getpriority(PRIO_PROCESS, 0), kShortSlice); }

void ask_for_usual_slices() { set_scheduling(0, getpriority(PRIO_PROCESS, 0), 0); }

void sink(pid_t thread) {
  leave_first_processor(thread);
  set_scheduling(thread, kSunkNice, 0);
}

void let_run_here(pid_t thread) {
  const cpu_set_t processors = own_processors();
  const int here = sched_getcpu();
  if (here < 0 || CPU_COUNT(&processors) < 2) return;
  cpu_set_t only_here;
  CPU_ZERO(&only_here);
  CPU_SET(here, &only_here);
  // A thread that waits is moved by the first call and may move again after the second. What it
  // starts in between stays here.
  sched_setaffinity(thread, sizeof only_here, &only_here);
  sched_setaffinity(thread, sizeof processors, &processors);
}

}  // namespace nexus::loop
