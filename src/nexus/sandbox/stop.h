#pragma once

#include <cstdint>
#include <string_view>

namespace nexus::sandbox {

// Why a call into the guest did not return, or may not be trusted to have returned in order. After any of these the guest's memory is in an
// unknown state: only a restore from the base image makes it usable.
enum class StopReason : std::uint8_t {
  kNone,           // it returned
  kTimeout,        // its time was up
  kCancelled,      // the host stopped all runs, see Sandbox::stop_runs()
  kMemoryLimit,    // it wanted more memory than it may have
  kJobLimit,       // it started more promise jobs than it may
  kStackOverflow,  // the native stack ran out under it
  kHost,           // a host function ended the run
  kTrap,           // WebAssembly trapped: a bad access or a bad instruction
};

// A few words for logs and messages, for example "time limit".
std::string_view to_string(StopReason reason);

}  // namespace nexus::sandbox
