#include "nexus/server/engine_metrics.h"

#include "nexus/metrics/text.h"

namespace nexus::server {
namespace {

using metrics::TextWriter;

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void write_runs(const engine::Stats& stats, TextWriter& writer) {
  writer.counter("nexus_handler_executions_total", "Handler runs that ended, by status.");
  writer.sample({{"status", "success"}}, stats.runs_success);
  writer.sample({{"status", "error"}}, stats.runs_error);
  writer.gauge("nexus_handler_execution_time_us",
               "Mean running time of a handler in microseconds.");
  writer.sample({}, mean_run_us(stats), 2);
  writer.gauge("nexus_cache_hit_rate", "Share of compiled handlers found in the cache, 0 to 1.");
  writer.sample({}, cache_hit_rate(stats), 4);
  writer.gauge("nexus_peak_memory_bytes", "Highest linear memory of any run.");
  writer.sample({}, stats.peak_memory_bytes);
}

void write_breakdowns(const engine::Stats& stats, TextWriter& writer) {
  writer.counter("nexus_host_calls_total", "Calls of handlers to the host, by function.");
  for (const auto& [function, count] : stats.host_calls)
    writer.sample({{"function", function}}, count);
  writer.counter("nexus_errors_total", "Runs that ended in an error, by code.");
  for (const auto& [code, count] : stats.errors) writer.sample({{"code", code}}, count);
}

void write_pool(const engine::Stats& stats, TextWriter& writer) {
  writer.gauge("nexus_pool_instances",
               "Sandbox instances running and free, and runs suspended outside them.");
  writer.sample({{"state", "active"}}, std::uint64_t{stats.instances_active});
  writer.sample({{"state", "available"}}, std::uint64_t{stats.instances_available});
  writer.sample({{"state", "suspended"}}, std::uint64_t{stats.runs_suspended});
  writer.counter("nexus_suspensions_total", "Extension calls that suspended a run.");
  writer.sample({}, stats.suspensions);
  writer.gauge("nexus_suspended_bytes", "Memory held by suspended runs.");
  writer.sample({}, stats.suspended_bytes);
}

}  // namespace

void write_engine_metrics(const engine::Stats& stats, std::string& out) {
  TextWriter writer(out);
  write_runs(stats, writer);
  write_breakdowns(stats, writer);
  write_pool(stats, writer);
}

double mean_run_us(const engine::Stats& stats) {
  return ratio(stats.total_run_us, stats.runs_success + stats.runs_error);
}

double cache_hit_rate(const engine::Stats& stats) {
  return ratio(stats.cache_hits, stats.cache_hits + stats.cache_misses);
}

}  // namespace nexus::server
