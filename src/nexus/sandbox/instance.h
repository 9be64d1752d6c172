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
#include "nexus/sandbox/instance_state.h"
#include "nexus/sandbox/linear_memory.h"
#include "nexus/sandbox/snapshot.h"
#include "nexus/sandbox/stop.h"
#include "nexus/sandbox/watchdog.h"

struct nx_guest_module;

namespace nexus::sandbox {

class CommonPages;

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
  // Promise jobs of the whole run, kept by the guest; one more is NX_RUN_TOO_MANY_JOBS.
  std::uint32_t promise_jobs = UINT32_MAX;
};

// A run's choices of entry into the guest; meanings in guest/shim.c.
enum class Export { kInitialize, kInit, kControl, kRun, kResume, kCompile, kEval, kDrain };

// One sandboxed JavaScript engine. Used by one thread at a time; that thread holds a ThreadScope.
//
// What is allowed when is the table in instance_state.h; anything else is a bug and ends the process.
class Instance {
 public:
  // An instance whose memory is plain and empty, for making the base image.
  static Result<std::unique_ptr<Instance>> create_blank(const nx_guest_module& module, Watchdog& watchdog);
  // An instance that starts from `image`. `common` may be nullptr. Both outlive it.
  static Result<std::unique_ptr<Instance>> create(const nx_guest_module& module, Watchdog& watchdog,
                                                  const BaseImage& image, CommonPages* common);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Calls `entry` with up to four arguments; unused ones are 0. `host` serves the imports.
  Exit call(Export entry, std::array<std::uint32_t, 4> arguments, HostCalls& host, const Budget& budget);

  InstanceState state() const { return state_; }

  // Makes everything as after creation: memory, globals, size. Needed before each run. After a call that did
  // not return by itself the memory is mapped anew, else only what may differ is copied back. False when the
  // system refuses, or has refused before: the instance is terminated.
  bool restore();
  // As restore(), with the memory mapped anew in any case.
  bool restore_whole();

  // The difference of the memory to the base image. The run goes on by a call, here or wherever the snapshot
  // is loaded.
  Snapshot snapshot();
  // Restores, then applies `snapshot`. Error kInvalidSuspension when it does not fit this build,
  // kMemoryLimit when its memory is larger than `memory_bytes`.
  Result<void> load(const Snapshot& snapshot, std::size_t memory_bytes);

  // Counters of the guest, see nx_control in nexus_abi.h. Untrusted numbers; for reports only.
  struct GuestCounters {
    std::uint32_t heap_bytes;
    std::uint32_t heap_peak;
    std::uint32_t jobs;
  };
  GuestCounters counters() const;

  const LinearMemory& memory() const { return *memory_; }
  // What this instance alone holds of the machine's memory, in bytes: pages that may differ from the image,
  // grown memory, its own structures. Any thread.
  std::size_t private_bytes() const;
  // The oracle of resets, for tests: after restore(), the first thing that is not as it was when the instance
  // was made, memory, globals and function table compared as a whole; empty when there is none.
  std::string difference_to_pristine() const;
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
  // Takes the transition to `next`, which the table has.
  Transition become(InstanceState next);
  bool restore_by(Transition way);

  const nx_guest_module& module_;
  Watchdog::Place watched_;
  std::unique_ptr<LinearMemory> memory_;
  InstanceState state_ = InstanceState::kIdle;
  // The generated code's own structure, and a copy of it as it was before the first run.
  std::vector<std::uint64_t> globals_;
  std::vector<std::uint64_t> pristine_globals_;
  // The generated code's function table, which nothing may change: its bytes, and their hash when it was made.
  std::string_view table_;
  std::size_t pristine_table_hash_ = 0;
  std::uint32_t control_address_ = 0;
  // Of the call under way.
  HostCalls* host_ = nullptr;
  Budget budget_ = {};
  std::size_t memory_peak_ = 0;
};

}  // namespace nexus::sandbox
