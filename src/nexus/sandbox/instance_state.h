#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nexus::sandbox {

// What an instance holds. The states of reference.md section 5.6, where a run that waits keeps its instance;
// here it leaves as a snapshot (design.md D2), so kSuspended lasts only from the snapshot to the restore, or
// from the load to the next call. kStopped is what that section calls a run that must not be reset.
enum class InstanceState : std::uint8_t {
  kIdle,        // equal to the base image: any run may start
  kExecuting,   // one run's memory: a call is under way or has returned
  kSuspended,   // one run's memory, of which a snapshot exists
  kStopped,     // a call did not return by itself: the memory is in an unknown state
  kTerminated,  // the system refused to restore it: never used again
};
inline constexpr std::size_t kInstanceStateCount = 5;

// What takes an instance from one state to another.
enum class Transition : std::uint8_t {
  kNone,          // nothing does
  kCall,          // a call into the guest begins
  kStop,          // a call ends without returning: time, memory, stack, a trap, the host
  kSuspend,       // a snapshot is taken or loaded
  kReset,         // the pages that may differ are copied back from the image
  kRestoreWhole,  // the image is mapped anew
  kTerminate,
};

namespace transition_table {
using enum Transition;
// kTransitions[from][to].
inline constexpr std::array<std::array<Transition, kInstanceStateCount>, kInstanceStateCount> kTransitions{{
    // kIdle         kExecuting  kSuspended  kStopped  kTerminated
    {kReset,         kCall,      kSuspend,   kNone,    kTerminate},  // kIdle
    {kReset,         kCall,      kSuspend,   kStop,    kTerminate},  // kExecuting
    {kReset,         kCall,      kSuspend,   kNone,    kTerminate},  // kSuspended
    {kRestoreWhole,  kNone,      kNone,      kNone,    kTerminate},  // kStopped
    {kNone,          kNone,      kNone,      kNone,    kNone},       // kTerminated
}};
}  // namespace transition_table

// How an instance gets from `from` to `to`; kNone when it must not.
constexpr Transition transition(InstanceState from, InstanceState to) {
  return transition_table::kTransitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

// One word for logs and messages, for example "idle".
constexpr std::string_view to_string(InstanceState state) {
  constexpr std::array<std::string_view, kInstanceStateCount> kNames{"idle", "executing", "suspended", "stopped",
                                                                     "terminated"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace nexus::sandbox
