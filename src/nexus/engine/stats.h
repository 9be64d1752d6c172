#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace nexus::engine {

// How often something took how long. From a reset, which takes a microsecond, to a run at its limit.
struct Histogram {
  static constexpr std::array<double, 21> kBounds = {1e-6,   2.5e-6, 5e-6, 1e-5,   2.5e-5, 5e-5, 1e-4,
                                                     2.5e-4, 5e-4,   1e-3, 2.5e-3, 5e-3,   1e-2, 2.5e-2,
                                                     5e-2,   0.1,    0.25, 0.5,    1,      2.5,  5};
  // By bucket, not cumulative; the last is for what took longer than the last bound.
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum_seconds = 0;
};

// Totals since the engine was made, and how things stand now.
struct Stats {
  std::uint64_t runs_success = 0;
  std::uint64_t runs_error = 0;
  std::uint64_t segments = 0;
  std::uint64_t suspensions = 0;
  Histogram execution;  // running time of runs that ended, all segments together
  Histogram queue;      // from the request's arrival to a free sandbox, per segment
  Histogram compile;    // of handlers that no cache had
  Histogram reset;      // of an instance after a segment
  std::uint64_t cache_memory_hits = 0;
  std::uint64_t cache_disk_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t cache_rejected_files = 0;
  std::uint64_t cache_memory_bytes = 0;
  std::uint64_t cache_disk_bytes = 0;
  std::uint64_t peak_memory_bytes = 0;  // highest linear memory of any run
  std::uint32_t instances_active = 0;
  std::uint32_t instances_available = 0;
  std::uint32_t instances_waiting = 0;  // segments that wait for an instance
  std::uint64_t instances_created = 0;
  std::uint32_t runs_suspended = 0;
  std::uint64_t suspended_bytes = 0;  // memory held by suspended runs
  std::uint64_t total_memory_bytes = 0;
  // Every name is present from the start.
  std::map<std::string, std::uint64_t> host_calls;  // by ABI name
  std::map<std::string, std::uint64_t> errors;      // by code
  std::map<std::string, std::uint64_t> denials;     // host calls without the capability, by kind of token
  std::uint64_t denials_unreported = 0;             // of them, held back from the audit log
};

// Mean running time of the runs that ended, in microseconds; 0 when there was none.
double mean_run_us(const Stats& stats);

// Hits of either cache tier per look-up, 0 to 1; 0 when there was none.
double cache_hit_rate(const Stats& stats);

// Appends everything in the Prometheus text format; names of reference.md section 5.11, docs/METRICS.md.
void write_metrics(const Stats& stats, std::string& out);

}  // namespace nexus::engine
