#include <span>

#include "nexus/engine/stats.h"
#include "nexus/metrics/text.h"

namespace nexus::engine {
namespace {

using metrics::TextWriter;

double ratio(double part, double whole) { return whole == 0 ? 0.0 : part / whole; }

void write_histogram(const char* name, const char* help, const Histogram& histogram, TextWriter& writer) {
  writer.histogram(name, help, Histogram::kBounds, histogram.counts, histogram.sum_seconds);
}

void write_runs(const Stats& stats, TextWriter& writer) {
  writer.counter("nexus_handler_executions_total", "Handler runs that ended, by status.");
  writer.sample({{"status", "success"}}, stats.runs_success);
  writer.sample({{"status", "error"}}, stats.runs_error);
  writer.gauge("nexus_handler_execution_time_us", "Mean running time of a handler in microseconds.");
  writer.sample({}, mean_run_us(stats), 2);
  writer.gauge("nexus_cache_hit_rate", "Share of compiled handlers found in the cache, 0 to 1.");
  writer.sample({}, cache_hit_rate(stats), 4);
  writer.gauge("nexus_peak_memory_bytes", "Highest linear memory of any run.");
  writer.sample({}, stats.peak_memory_bytes);
  write_histogram("nexus_handler_execution_seconds", "Running time of runs that ended, waiting excluded.",
                  stats.execution, writer);
  write_histogram("nexus_handler_queue_seconds", "Time from a segment's arrival to a free sandbox.", stats.queue,
                  writer);
  write_histogram("nexus_compile_seconds", "Time to compile a handler that no cache had.", stats.compile, writer);
  write_histogram("nexus_reset_seconds", "Time to restore a sandbox after a segment.", stats.reset, writer);
}

void write_map(const std::map<std::string, std::uint64_t>& samples, const char* label, TextWriter& writer) {
  for (const auto& [value, count] : samples) writer.sample({{label, value}}, count);
}

void write_breakdowns(const Stats& stats, TextWriter& writer) {
  writer.counter("nexus_host_calls_total", "Calls of handlers to the host, by function.");
  write_map(stats.host_calls, "function", writer);
  writer.counter("nexus_errors_total", "Failed runs, and resumptions of runs that do not exist, by code.");
  write_map(stats.errors, "code", writer);
  writer.counter("nexus_denials_total", "Calls refused for want of a capability, by kind of token.");
  write_map(stats.denials, "capability", writer);
  writer.counter("nexus_denials_unreported_total", "Refused calls that the audit log left out to stay short.");
  writer.sample({}, stats.denials_unreported);
}

void write_cache(const Stats& stats, TextWriter& writer) {
  writer.counter("nexus_cache_lookups_total", "Compiled handlers looked up, by where they were found.");
  writer.sample({{"result", "memory"}}, stats.cache_memory_hits);
  writer.sample({{"result", "disk"}}, stats.cache_disk_hits);
  writer.sample({{"result", "miss"}}, stats.cache_misses);
  writer.counter("nexus_cache_rejected_files_total", "Files of the cache that this server did not write.");
  writer.sample({}, stats.cache_rejected_files);
  writer.gauge("nexus_cache_bytes", "Size of the compiled handlers kept, by tier.");
  writer.sample({{"tier", "memory"}}, stats.cache_memory_bytes);
  writer.sample({{"tier", "disk"}}, stats.cache_disk_bytes);
}

void write_pool(const Stats& stats, TextWriter& writer) {
  writer.gauge("nexus_pool_instances",
               "Sandbox instances running and free, segments waiting for one, and runs suspended outside them.");
  writer.sample({{"state", "active"}}, std::uint64_t{stats.instances_active});
  writer.sample({{"state", "available"}}, std::uint64_t{stats.instances_available});
  writer.sample({{"state", "waiting"}}, std::uint64_t{stats.instances_waiting});
  writer.sample({{"state", "suspended"}}, std::uint64_t{stats.runs_suspended});
  writer.counter("nexus_pool_instances_created_total", "Sandbox instances made.");
  writer.sample({}, stats.instances_created);
  writer.gauge("nexus_pool_memory_bytes", "Memory of all sandbox instances and suspended runs.");
  writer.sample({}, stats.total_memory_bytes);
  writer.counter("nexus_suspensions_total", "Extension calls that suspended a run.");
  writer.sample({}, stats.suspensions);
  writer.gauge("nexus_suspended_bytes", "Memory held by suspended runs.");
  writer.sample({}, stats.suspended_bytes);
}

}  // namespace

double mean_run_us(const Stats& stats) {
  return ratio(stats.execution.sum_seconds * 1e6, static_cast<double>(stats.runs_success + stats.runs_error));
}

double cache_hit_rate(const Stats& stats) {
  const auto hits = static_cast<double>(stats.cache_memory_hits + stats.cache_disk_hits);
  return ratio(hits, hits + static_cast<double>(stats.cache_misses));
}

void write_metrics(const Stats& stats, std::string& out) {
  TextWriter writer(out);
  write_runs(stats, writer);
  write_breakdowns(stats, writer);
  write_cache(stats, writer);
  write_pool(stats, writer);
}

}  // namespace nexus::engine
