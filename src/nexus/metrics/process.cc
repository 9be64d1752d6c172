#include "nexus/metrics/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "nexus/metrics/text.h"

namespace nexus::metrics {
namespace {

// Fields of /proc/self/stat, proc(5).
struct ProcessFacts {
  double cpu_seconds = 0;
  std::uint64_t threads = 0;
  double started_after_boot = 0;  // seconds
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
};

std::optional<ProcessFacts> read_facts() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The second field is the name in parentheses, which may hold spaces.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  std::string word;
  std::uint64_t user = 0, system = 0, start = 0, pages = 0;
  ProcessFacts facts;
  for (int field = 3; field <= 24 && rest >> word; ++field) {
    const std::uint64_t number = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 14) user = number;
    if (field == 15) system = number;
    if (field == 20) facts.threads = number;
    if (field == 22) start = number;
    if (field == 23) facts.virtual_bytes = number;
    if (field == 24) pages = number;
  }
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  facts.cpu_seconds = static_cast<double>(user + system) / ticks;
  facts.started_after_boot = static_cast<double>(start) / ticks;
  facts.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return facts;
}

// Seconds since 1970 of a moment that is given in seconds since the machine's start.
double since_epoch(double after_boot) {
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return now - (static_cast<double>(boot.tv_sec) + static_cast<double>(boot.tv_nsec) / 1e9) + after_boot;
}

std::optional<std::uint64_t> count_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  if (!directory) return std::nullopt;
  std::uint64_t entries = 0;
  while (readdir(directory.get()) != nullptr) ++entries;
  return entries - 3;  // ".", ".." and the directory itself
}

}  // namespace

void write_process_metrics(std::string& out) {
  TextWriter writer(out);
  if (const auto facts = read_facts()) {
    writer.counter("process_cpu_seconds_total", "Processor time of all threads, user and system.");
    writer.sample({}, facts->cpu_seconds, 2);
    writer.gauge("process_resident_memory_bytes", "Memory of this process that is in RAM.");
    writer.sample({}, facts->resident_bytes);
    writer.gauge("process_virtual_memory_bytes", "Address space of this process; sandboxes reserve much and use little.");
    writer.sample({}, facts->virtual_bytes);
    writer.gauge("process_start_time_seconds", "When this process started, in seconds since 1970.");
    writer.sample({}, since_epoch(facts->started_after_boot), 2);
    writer.gauge("nexus_process_threads", "Threads of this process.");
    writer.sample({}, facts->threads);
  }
  if (const auto open = count_descriptors()) {
    writer.gauge("process_open_fds", "Descriptors in use: connections, files, timers.");
    writer.sample({}, *open);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    writer.gauge("process_max_fds", "Descriptors that may be in use.");
    writer.sample({}, static_cast<std::uint64_t>(limit.rlim_cur));
  }
}

}  // namespace nexus::metrics
