#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

#include "nexus/base/error.h"
#include "nexus/capability/capability.h"
#include "nexus/engine/stats.h"
#include "nexus/sandbox/host_calls.h"

namespace nexus::engine {

enum class Counter : std::uint8_t {
  kRunsSuccess,
  kRunsError,
  kSegments,
  kSuspensions,
  kMemoryHits,
  kDiskHits,
  kCacheMisses,
  kRejectedFiles,
  kDenialsUnreported,
};
enum class Timing : std::uint8_t { kExecution, kQueue, kCompile, kReset };

// Totals over all runs. Any thread; threads write to different memory, so that counting does not slow
// them down.
class EngineStats {
 public:
  void count(Counter counter, std::uint64_t times = 1);
  void count_error(ErrorCode code);
  void count_denials(capability::Kind kind, std::uint64_t times);
  // By sandbox::HostFunction.
  void count_host_calls(std::span<const std::uint32_t, sandbox::kHostFunctionCount> calls);
  void observe(Timing timing, std::chrono::nanoseconds took);
  void record_memory_peak(std::uint64_t bytes);

  // The sums; what describes instances, suspended runs and cache sizes is left at 0.
  Stats read() const;

 private:
  static constexpr std::size_t kCounters = static_cast<std::size_t>(Counter::kDenialsUnreported) + 1;
  static constexpr std::size_t kTimings = static_cast<std::size_t>(Timing::kReset) + 1;
  static constexpr std::size_t kKinds = static_cast<std::size_t>(capability::Kind::kExtension) + 1;
#define NX_ERROR_CODE(enumerator, wire, status, meaning) +1
  static constexpr std::size_t kErrorCodes = 0
#include "nexus/base/error_codes.def"
      ;
#undef NX_ERROR_CODE
  // More than there are processors to write at once; what two threads share is right all the same.
  static constexpr std::size_t kShards = 32;

  using Cell = std::atomic<std::uint64_t>;
  struct TimingCells {
    std::array<Cell, Histogram::kBounds.size() + 1> counts{};
    Cell nanoseconds{0};
  };
  struct alignas(128) Shard {
    std::array<Cell, kCounters> counters{};
    std::array<Cell, kErrorCodes> errors{};
    std::array<Cell, kKinds> denials{};
    std::array<Cell, sandbox::kHostFunctionCount> host_calls{};
    std::array<TimingCells, kTimings> timings{};
    Cell memory_peak{0};
  };

  Shard& mine();
  std::uint64_t sum(Counter counter) const;
  Histogram sum(Timing timing) const;

  std::array<Shard, kShards> shards_;
};

}  // namespace nexus::engine
