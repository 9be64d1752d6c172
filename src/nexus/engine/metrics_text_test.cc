#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "nexus/engine/engine_stats.h"
#include "nexus/engine/stats.h"

namespace nexus::engine {
namespace {

using testing::HasSubstr;

std::string text_of(const Stats& stats) {
  std::string text;
  write_metrics(stats, text);
  return text;
}

// The samples: lines that are no comment.
std::vector<std::string> samples(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with('#')) lines.push_back(line);
  return lines;
}

TEST(MetricsText, UsesTheNamesOfTheReference) {
  Stats stats;
  stats.runs_success = 3;
  stats.runs_error = 1;
  stats.execution.sum_seconds = 10e-6;
  stats.cache_memory_hits = 1;
  stats.cache_disk_hits = 1;
  stats.cache_misses = 1;
  stats.peak_memory_bytes = 4096;
  stats.host_calls = {{"__nexus_log", 8}};
  stats.errors = {{"TIMEOUT", 9}};
  const std::string text = text_of(stats);
  for (const char* line :
       {"# TYPE nexus_handler_executions_total counter\n", "nexus_handler_executions_total{status=\"success\"} 3\n",
        "nexus_handler_executions_total{status=\"error\"} 1\n", "# TYPE nexus_handler_execution_time_us gauge\n",
        "nexus_handler_execution_time_us 2.50\n", "nexus_cache_hit_rate 0.6667\n", "nexus_peak_memory_bytes 4096\n",
        "nexus_host_calls_total{function=\"__nexus_log\"} 8\n", "nexus_errors_total{code=\"TIMEOUT\"} 9\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsText, ShowsPoolCacheAndDenials) {
  Stats stats;
  stats.instances_active = 1;
  stats.instances_available = 2;
  stats.instances_waiting = 3;
  stats.instances_created = 4;
  stats.runs_suspended = 5;
  stats.suspensions = 6;
  stats.suspended_bytes = 7;
  stats.total_memory_bytes = 8;
  stats.cache_rejected_files = 9;
  stats.cache_memory_bytes = 10;
  stats.cache_disk_bytes = 11;
  stats.denials = {{"state:read", 12}};
  stats.denials_unreported = 13;
  const std::string text = text_of(stats);
  for (const char* line :
       {"nexus_pool_instances{state=\"active\"} 1\n", "nexus_pool_instances{state=\"available\"} 2\n",
        "nexus_pool_instances{state=\"waiting\"} 3\n", "nexus_pool_instances_created_total 4\n",
        "nexus_pool_instances{state=\"suspended\"} 5\n", "nexus_suspensions_total 6\n", "nexus_suspended_bytes 7\n",
        "nexus_pool_memory_bytes 8\n", "nexus_cache_rejected_files_total 9\n",
        "nexus_cache_bytes{tier=\"memory\"} 10\n", "nexus_cache_bytes{tier=\"disk\"} 11\n",
        "nexus_denials_total{capability=\"state:read\"} 12\n", "nexus_denials_unreported_total 13\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsText, EveryFamilyAndKnownLabelIsThereAtZero) {
  const std::string text = text_of(EngineStats().read());
  for (const std::string& line : samples(text)) EXPECT_TRUE(line.ends_with(" 0") || line.ends_with(" 0.00") || line.ends_with(" 0.0000")) << line;
  for (const char* name :
       {"nexus_host_calls_total{function=\"__nexus_state_get\"}", "nexus_errors_total{code=\"INVALID_SUSPENSION\"}",
        "nexus_denials_total{capability=\"ext\"}", "nexus_denials_total{capability=\"view:update\"}",
        "nexus_cache_lookups_total{result=\"miss\"}", "nexus_handler_execution_seconds_bucket{le=\"+Inf\"}",
        "nexus_handler_queue_seconds_count", "nexus_compile_seconds_sum", "nexus_reset_seconds_bucket{le=\"1e-06\"}"})
    EXPECT_THAT(text, HasSubstr(std::string(name) + " 0"));
}

TEST(MetricsText, HistogramsAreCumulative) {
  EngineStats totals;
  totals.observe(Timing::kExecution, std::chrono::microseconds(1));
  totals.observe(Timing::kExecution, std::chrono::microseconds(3));
  totals.observe(Timing::kExecution, std::chrono::seconds(60));
  const std::string text = text_of(totals.read());
  EXPECT_THAT(text, HasSubstr("nexus_handler_execution_seconds_bucket{le=\"1e-06\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nexus_handler_execution_seconds_bucket{le=\"2.5e-06\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nexus_handler_execution_seconds_bucket{le=\"5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("nexus_handler_execution_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("nexus_handler_execution_seconds_sum 60.000004\n"));
  EXPECT_THAT(text, HasSubstr("nexus_handler_execution_seconds_count 3\n"));
}

TEST(MetricsText, NoSampleAppearsTwice) {
  std::set<std::string> seen;
  for (const std::string& line : samples(text_of(EngineStats().read())))
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
}

TEST(MetricsText, RatiosOfNothingAreZero) {
  EXPECT_EQ(mean_run_us({}), 0.0);
  EXPECT_EQ(cache_hit_rate({}), 0.0);
}

}  // namespace
}  // namespace nexus::engine
