#include "nexus/server/engine_metrics.h"

#include <gtest/gtest.h>

namespace nexus::server {
namespace {

TEST(EngineMetrics, UsesTheNamesOfTheReference) {
  engine::Stats stats;
  stats.runs_success = 3;
  stats.runs_error = 1;
  stats.total_run_us = 10;
  stats.cache_hits = 2;
  stats.cache_misses = 1;
  stats.peak_memory_bytes = 4096;
  stats.instances_active = 1;
  stats.instances_available = 2;
  stats.runs_suspended = 5;
  stats.suspensions = 6;
  stats.suspended_bytes = 7;
  stats.host_calls = {{"__nexus_log", 8}};
  stats.errors = {{"TIMEOUT", 9}};
  std::string text;
  write_engine_metrics(stats, text);
  EXPECT_EQ(
      text,
      "# HELP nexus_handler_executions_total Handler runs that ended, by status.\n"
      "# TYPE nexus_handler_executions_total counter\n"
      "nexus_handler_executions_total{status=\"success\"} 3\n"
      "nexus_handler_executions_total{status=\"error\"} 1\n"
      "# HELP nexus_handler_execution_time_us Mean running time of a handler in microseconds.\n"
      "# TYPE nexus_handler_execution_time_us gauge\n"
      "nexus_handler_execution_time_us 2.50\n"
      "# HELP nexus_cache_hit_rate Share of compiled handlers found in the cache, 0 to 1.\n"
      "# TYPE nexus_cache_hit_rate gauge\n"
      "nexus_cache_hit_rate 0.6667\n"
      "# HELP nexus_peak_memory_bytes Highest linear memory of any run.\n"
      "# TYPE nexus_peak_memory_bytes gauge\n"
      "nexus_peak_memory_bytes 4096\n"
      "# HELP nexus_host_calls_total Calls of handlers to the host, by function.\n"
      "# TYPE nexus_host_calls_total counter\n"
      "nexus_host_calls_total{function=\"__nexus_log\"} 8\n"
      "# HELP nexus_errors_total Runs that ended in an error, by code.\n"
      "# TYPE nexus_errors_total counter\n"
      "nexus_errors_total{code=\"TIMEOUT\"} 9\n"
      "# HELP nexus_pool_instances Sandbox instances running and free, and runs suspended outside "
      "them.\n"
      "# TYPE nexus_pool_instances gauge\n"
      "nexus_pool_instances{state=\"active\"} 1\n"
      "nexus_pool_instances{state=\"available\"} 2\n"
      "nexus_pool_instances{state=\"suspended\"} 5\n"
      "# HELP nexus_suspensions_total Extension calls that suspended a run.\n"
      "# TYPE nexus_suspensions_total counter\n"
      "nexus_suspensions_total 6\n"
      "# HELP nexus_suspended_bytes Memory held by suspended runs.\n"
      "# TYPE nexus_suspended_bytes gauge\n"
      "nexus_suspended_bytes 7\n");
}

TEST(EngineMetrics, RatiosOfNothingAreZero) {
  EXPECT_EQ(mean_run_us({}), 0.0);
  EXPECT_EQ(cache_hit_rate({}), 0.0);
}

}  // namespace
}  // namespace nexus::server
