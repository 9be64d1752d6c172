#include "nexus/engine/engine_stats.h"

#include <algorithm>

namespace nexus::engine {
namespace {

void add(std::atomic<std::uint64_t>& cell, std::uint64_t amount) {
  if (amount != 0) cell.fetch_add(amount, std::memory_order_relaxed);
}

std::uint64_t get(const std::atomic<std::uint64_t>& cell) { return cell.load(std::memory_order_relaxed); }

// The kind of a token as metrics and the audit log name it: "state:read".
std::string name_of(capability::Kind kind) {
  const std::string token = capability::to_string(kind, "*");
  return token.substr(0, token.rfind(':'));
}

}  // namespace

EngineStats::Shard& EngineStats::mine() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t index = threads.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shards_[index];
}

void EngineStats::count(Counter counter, std::uint64_t times) {
  add(mine().counters[static_cast<std::size_t>(counter)], times);
}

void EngineStats::count_error(ErrorCode code) { add(mine().errors[static_cast<std::size_t>(code)], 1); }

void EngineStats::count_denials(capability::Kind kind, std::uint64_t times) {
  add(mine().denials[static_cast<std::size_t>(kind)], times);
}

void EngineStats::count_host_calls(std::span<const std::uint32_t, sandbox::kHostFunctionCount> calls) {
  Shard& shard = mine();
  for (std::size_t i = 0; i < calls.size(); ++i) add(shard.host_calls[i], calls[i]);
}

void EngineStats::observe(Timing timing, std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const auto bucket = std::ranges::lower_bound(Histogram::kBounds, seconds) - Histogram::kBounds.begin();
  TimingCells& cells = mine().timings[static_cast<std::size_t>(timing)];
  add(cells.counts[static_cast<std::size_t>(bucket)], 1);
  add(cells.nanoseconds, static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)));
}

void EngineStats::record_memory_peak(std::uint64_t bytes) {
  Cell& peak = mine().memory_peak;
  std::uint64_t known = get(peak);
  while (bytes > known && !peak.compare_exchange_weak(known, bytes, std::memory_order_relaxed)) {
  }
}

std::uint64_t EngineStats::sum(Counter counter) const {
  std::uint64_t total = 0;
  for (const Shard& shard : shards_) total += get(shard.counters[static_cast<std::size_t>(counter)]);
  return total;
}

Histogram EngineStats::sum(Timing timing) const {
  Histogram histogram;
  for (const Shard& shard : shards_) {
    const TimingCells& cells = shard.timings[static_cast<std::size_t>(timing)];
    for (std::size_t i = 0; i < cells.counts.size(); ++i) histogram.counts[i] += get(cells.counts[i]);
    histogram.sum_seconds += static_cast<double>(get(cells.nanoseconds)) / 1e9;
  }
  return histogram;
}

Stats EngineStats::read() const {
  Stats stats;
  stats.runs_success = sum(Counter::kRunsSuccess);
  stats.runs_error = sum(Counter::kRunsError);
  stats.segments = sum(Counter::kSegments);
  stats.suspensions = sum(Counter::kSuspensions);
  stats.cache_memory_hits = sum(Counter::kMemoryHits);
  stats.cache_disk_hits = sum(Counter::kDiskHits);
  stats.cache_misses = sum(Counter::kCacheMisses);
  stats.cache_rejected_files = sum(Counter::kRejectedFiles);
  stats.denials_unreported = sum(Counter::kDenialsUnreported);
  stats.execution = sum(Timing::kExecution);
  stats.queue = sum(Timing::kQueue);
  stats.compile = sum(Timing::kCompile);
  stats.reset = sum(Timing::kReset);
  for (const Shard& shard : shards_) {
    stats.peak_memory_bytes = std::max(stats.peak_memory_bytes, get(shard.memory_peak));
    for (std::size_t i = 0; i < shard.host_calls.size(); ++i)
      stats.host_calls[std::string(to_string(static_cast<sandbox::HostFunction>(i)))] += get(shard.host_calls[i]);
    for (std::size_t i = 0; i < shard.errors.size(); ++i)
      stats.errors[std::string(to_string(static_cast<ErrorCode>(i)))] += get(shard.errors[i]);
    for (std::size_t i = 0; i < shard.denials.size(); ++i)
      stats.denials[name_of(static_cast<capability::Kind>(i))] += get(shard.denials[i]);
  }
  return stats;
}

}  // namespace nexus::engine
