#include "nexus/metrics/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <string>

namespace nexus::metrics {
namespace {

double sample(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) return -1;
  return std::stod(text.substr(at + name.size() + 2));
}

std::string text() {
  std::string out;
  write_process_metrics(out);
  return out;
}

TEST(ProcessMetrics, SayWhatTheKernelKnows) {
  const std::string before = text();
  EXPECT_GT(sample(before, "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(sample(before, "process_virtual_memory_bytes"), sample(before, "process_resident_memory_bytes"));
  EXPECT_GE(sample(before, "process_cpu_seconds_total"), 0);
  EXPECT_GE(sample(before, "nexus_process_threads"), 1);
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LE(sample(before, "process_start_time_seconds"), now + 1);
  EXPECT_GT(sample(before, "process_start_time_seconds"), now - 3600);
}

TEST(ProcessMetrics, CountDescriptorsAsTheyComeAndGo) {
  const double before = sample(text(), "process_open_fds");
  const int more = dup(0);
  EXPECT_EQ(sample(text(), "process_open_fds"), before + 1);
  close(more);
  EXPECT_EQ(sample(text(), "process_open_fds"), before);
  EXPECT_GE(sample(text(), "process_max_fds"), before);
}

}  // namespace
}  // namespace nexus::metrics
