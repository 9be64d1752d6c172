#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <variant>

#include "nexus/engine/code_cache.h"
#include "nexus/engine/disk_cache.h"
#include "nexus/engine/engine_stats.h"
#include "nexus/engine/outcome.h"
#include "nexus/engine/request.h"
#include "nexus/engine/warnings.h"
#include "nexus/sandbox/instance_pool.h"

namespace nexus::engine {

struct Compiled {
  Code code;
  bool cache_hit = false;               // in memory or on disk
  std::chrono::nanoseconds took{0};     // to find or make it; 0 when it was in memory
};

// How long a compilation may take.
struct TimeLimit {
  std::chrono::steady_clock::time_point deadline;
  std::chrono::milliseconds limit;  // for messages
};

// Turns handler text into bytecode, inside the sandbox, once per text: looks in memory, then on disk, then
// compiles. Threads that want the same text at the same time wait for the first of them. Guarded: any thread
// with a ThreadScope.
class Compiler {
 public:
  // `disk` may be null. References outlive the compiler.
  Compiler(sandbox::InstancePool& pool, std::size_t memory_bytes, std::unique_ptr<DiskCache> disk,
           EngineStats& stats, Warnings& warnings)
      : pool_(pool), memory_(memory_bytes), disk_(std::move(disk)), stats_(stats), warnings_(warnings) {}

  // The error has the author's position; kTimeout past the deadline.
  std::variant<Compiled, RunError> compile(const HandlerSource& source, const TimeLimit& limit);

  // Fills in the sizes of the two tiers.
  void describe(Stats& stats) const;

 private:
  // The guest's report of a syntax error; untrusted, and without a position in anybody's file.
  struct Report {
    std::string bytes;
  };
  using Made = std::variant<Code, Report, RunError>;
  // One compilation under way, and what came of it for those who wait.
  struct Flight {
    bool landed = false;
    Made made = RunError();
  };

  Made find_or_make(const std::string& key, const std::string& text, const TimeLimit& limit, bool& cache_hit);
  Made lead(const std::string& key, Flight& flight, const std::string& text, const TimeLimit& limit,
            bool& cache_hit);
  Made look_on_disk_or_make(const std::string& key, const std::string& text, const TimeLimit& limit, bool& cache_hit);
  Code look_on_disk(const std::string& key);
  Made make(const std::string& text, const TimeLimit& limit);

  sandbox::InstancePool& pool_;
  CodeCache memory_;
  const std::unique_ptr<DiskCache> disk_;
  EngineStats& stats_;
  Warnings& warnings_;

  std::mutex mutex_;
  std::condition_variable landed_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;  // by cache key; guarded by mutex_
};

}  // namespace nexus::engine
