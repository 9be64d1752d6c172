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

// Lets a thread, by its system id, work only when nobody else wants the processor, or nearly.
// Without privilege there is no way back.
void sink(pid_t thread);

}  // namespace nexus::loop
