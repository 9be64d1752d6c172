#pragma once

#include <sys/types.h>

#include <chrono>
#include <ctime>

namespace nexus::loop {

// A thread's processor time and its claim on the processor. Where the system forbids a change all
// threads keep the same claim.

// A clock of the calling thread's processor time, which any thread may read while that one lives.
clockid_t own_processor_clock();
std::chrono::nanoseconds read_clock(clockid_t clock);

// Asks for the processor as soon as the calling thread wakes, for short times.
void ask_for_short_slices();
// Undoes that.
void ask_for_usual_slices();

// Lets a thread, by its system id, work only when nobody else wants the processor, or nearly, and
// on all processors of the calling thread but the first, if it has several. Without privilege there
// is no way back.
void sink(pid_t thread);

// A thread, by its system id, that waits for a processor goes to where the calling thread runs and
// gets that one when the caller sleeps. Nothing happens to one that sleeps.
void let_run_here(pid_t thread);

}  // namespace nexus::loop
