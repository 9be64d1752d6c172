#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/sandbox/host_calls.h"
#include "nexus/sandbox/linear_memory.h"
#include "nexus/sandbox/snapshot.h"
#include "nexus/sandbox/stop.h"

struct nx_guest_module;

namespace nexus::sandbox {

class Watchdog;

// How a call into the guest ended. `value` is the export's result when `stop` is kNone.
struct Exit {
  StopReason stop = StopReason::kNone;
  std::uint32_t value = 0;
  std::string_view trap_text = {};  // for kTrap: which; a literal
};

// What one call may use.
struct Budget {
  std::chrono::steady_clock::time_point deadline;
  std::size_t memory_bytes;  // linear memory; rounded up to 64 KiB
  // What asking for more does: end the run, or let the guest's allocator fail.
  enum class OnMemoryLimit { kStop, kFail } on_memory_limit = OnMemoryLimit::kStop;
};

// A run's choices of entry into the guest; meanings in guest/shim.c.
enum class Export { kInitialize, kInit, kControl, kRun, kResume, kCompile, kEval, kDrain };

// One sandboxed JavaScript engine. Used by one thread at a time; that thread holds a ThreadScope.
//
// After an Exit with a stop reason the instance is poisoned: nothing but restore() is allowed.
class Instance {
 public:
  // An instance whose memory is plain and empty, for making the base image.
  static Result<std::unique_ptr<Instance>> create_blank(const nx_guest_module& module, Watchdog& watchdog);
  // An instance that starts from `image`, which outlives it.
  static Result<std::unique_ptr<Instance>> create(const nx_guest_module& module, Watchdog& watchdog,
                                                  const BaseImage& image);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Calls `entry` with up to four arguments; unused ones are 0. `host` serves the imports.
  Exit call(Export entry, std::array<std::uint32_t, 4> arguments, HostCalls& host, const Budget& budget);

  // Makes everything as after creation: memory, globals, size. Needed before each run, legal always.
  void restore();
  // As restore(), with the memory mapped anew: for after a run that did not return by itself.
  void restore_whole();

  // The difference of the memory to the base image. Legal between calls of an unpoisoned run.
  Snapshot snapshot() const;
  // Restores, then applies `snapshot`. Error kInvalidSuspension when it does not fit this build.
  Result<void> load(const Snapshot& snapshot);

  // Counters of the guest, see nx_control in nexus_abi.h. Untrusted numbers; for reports only.
  struct GuestCounters {
    std::uint32_t heap_bytes;
    std::uint32_t heap_peak;
    std::uint32_t jobs;
  };
  GuestCounters counters() const;

  const LinearMemory& memory() const { return *memory_; }
  // Largest size of the linear memory since the last restore(), in bytes.
  std::size_t memory_peak() const { return memory_peak_; }

  // For the runtime functions that generated code calls; see wasm_rt.cc.
  std::uint32_t grow(std::uint32_t wasm_pages);
  HostReply host_call(HostFunction function, const std::uint32_t* arguments);
  std::uint64_t host_clock_ns();
  LinearMemory& linear_memory() { return *memory_; }

 private:
  Instance(const nx_guest_module& module, Watchdog& watchdog);
  void instantiate();
  std::uint32_t dispatch(Export entry, const std::array<std::uint32_t, 4>& arguments);
  std::uint32_t* interrupt_flag() const;

  const nx_guest_module& module_;
  Watchdog& watchdog_;
  std::unique_ptr<LinearMemory> memory_;
  // The generated code's own structure, and a copy of it as it was before the first run.
  std::vector<std::uint64_t> state_;
  std::vector<std::uint64_t> pristine_;
  std::uint32_t control_address_ = 0;
  // Of the call under way.
  HostCalls* host_ = nullptr;
  Budget budget_ = {};
  std::size_t memory_peak_ = 0;
};

}  // namespace nexus::sandbox
