// Random handlers, each run in two ways that must not differ in anything but times and ids: what it
// did to the state, what it emitted, commanded, logged and returned, how it failed and where, and
// what it asked of the host.
//
// NEXUS_DIFFERENTIAL_HANDLERS sets how many; NEXUS_DIFFERENTIAL_SEED the first one's seed. A
// failure prints seed and handler.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "handler_generator.h"
#include "nexus/capability/inference.h"
#include "nexus/engine/scratch_directory_internal.h"
#include "nexus/sandbox/entry.h"
#include "nexus/value/json.h"
#include "stage.h"
#include "tenant.h"

namespace nexus::differential {
namespace {

using adversarial::TenantState;
using engine::Outcome;

constexpr std::chrono::milliseconds kTimeout{10'000};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void write(const std::vector<engine::Mutation>& mutations, std::string& out) {
  for (const engine::Mutation& each : mutations) {
    out += (each.operation == engine::Mutation::Operation::kSet ? "set " : "delete ") + each.key +
           ' ' + value::to_json(each.value) + '\n';
    for (const auto& operation : each.patch) value::write_operation(each.key, operation, out);
  }
}

void write(const engine::RunError& error, std::string& out) {
  out += std::string(to_string(error.code)) + ' ' + error.name + ' ' + error.message + '\n' +
         error.stack + '\n';
  if (error.location)
    out +=
        std::to_string(error.location->line) + ':' + std::to_string(error.location->column) + '\n';
  out += error.snippet.value_or("") + '\n';
}

// All of an outcome but times and ids.
void write(const Outcome& outcome, std::string& out) {
  out += std::string(to_string(outcome.status)) + '\n';
  write(outcome.mutations, out);
  for (const auto& each : outcome.events)
    out += "event " + each.name + ' ' + value::to_json(each.payload) + '\n';
  for (const auto& each : outcome.view_commands)
    out += "view " + each.type + ' ' + each.component_id.value_or("") + ' ' +
           value::to_json(each.args) + '\n';
  for (const auto& each : outcome.logs)
    out += "log " + std::string(to_string(each.level)) + ' ' + each.message + '\n';
  for (const auto& each : outcome.suspensions)
    out += "waits " + each.extension + '.' + each.method + ' ' +
           value::to_json(value::Value(each.args)) + '\n';
  out += std::to_string(outcome.new_suspensions.size()) + " new, " +
         std::to_string(outcome.closed_suspensions.size()) + " closed\n";
  if (outcome.has_return_value) out += "returns " + value::to_json(outcome.return_value) + '\n';
  if (outcome.error) write(*outcome.error, out);
  for (const auto& [name, count] : outcome.metrics.host_calls)
    out += std::string(name) + ' ' + std::to_string(count) + '\n';
  out += std::to_string(outcome.metrics.memory_used_bytes) + " bytes, at most " +
         std::to_string(outcome.metrics.memory_peak_bytes) + '\n';
}

// The whole run in an engine, from the first segment to the last, and the state it leaves.
std::string transcript(engine::Engine& engine, const std::string& source,
                       const capability::GrantSet& grants = capability::GrantSet::everything()) {
  TenantState state;
  std::vector<Outcome> seen;
  adversarial::play(engine, source, kTimeout, state, seen, grants);
  std::string text;
  for (const Outcome& outcome : seen) write(outcome, text);
  return text + state.to_json();
}

// The same on one sandbox instance.
std::string transcript(adversarial::SandboxStage& stage, const std::string& source,
                       adversarial::Waiting waiting) {
  TenantState state;
  std::string text;
  const auto note = [&text](const engine::HandlerRun::Segment& done) {
    if (done.mutations.ok()) write(*done.mutations, text);
    for (const auto& each : done.events)
      text += "event " + each.name + ' ' + value::to_json(each.payload) + '\n';
    for (const auto& each : done.logs) text += "log " + each.message + '\n';
    for (const auto& each : done.started)
      text += "waits " + each.method + ' ' + value::to_json(value::Value(each.args)) + '\n';
    text += done.return_bytes.value_or("") + done.error_report + '\n';
  };
  const adversarial::Ending ending = stage.play(source, kTimeout, state, waiting, note);
  stage.restore();
  return text + ending.text + ending.message + state.to_json();
}

class Differential : public testing::Test {
 protected:
  // With `cache_dir` empty, code is cached in memory only.
  static std::unique_ptr<engine::Engine> make_engine(const std::string& cache_dir = {}) {
    engine::Options options;
    options.min_instances = 1;
    options.max_instances = 1;
    options.cache_dir = cache_dir;
    auto made = engine::Engine::create(options);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return std::move(made).take();
  }

  // Calls check(source) for each handler until one fails.
  template <typename Check>
  static void for_each_handler(std::uint64_t share, Check check) {
    const std::uint64_t count = from_environment("NEXUS_DIFFERENTIAL_HANDLERS", 200) / share;
    const std::uint64_t first = from_environment("NEXUS_DIFFERENTIAL_SEED", 1);
    for (std::uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
      const std::string source = random_handler(seed);
      SCOPED_TRACE("NEXUS_DIFFERENTIAL_SEED=" + std::to_string(seed) + "\n" + source);
      check(source);
    }
  }

  const sandbox::ThreadScope thread_;
};

TEST_F(Differential, TheGeneratorReachesEveryKindOfEnding) {
  const auto engine = make_engine();
  std::map<std::string, int> endings;
  for_each_handler(1, [&](const std::string& source) {
    TenantState state;
    std::vector<Outcome> seen;
    adversarial::play(*engine, source, kTimeout, state, seen);
    ++endings[std::string(to_string(seen.back().status)) +
              (seen.size() > 1 ? " after waiting" : "")];
    if (!state.to_json().starts_with(TenantState().to_json())) ++endings["changed"];
    ASSERT_TRUE(!seen.back().error || seen.back().error->code != ErrorCode::kCompilationError)
        << seen.back().error->message;
  });
  for (const char* each :
       {"success", "error", "success after waiting", "error after waiting", "changed"})
    EXPECT_GE(endings[each], 10) << each;
}

TEST_F(Differential, APooledInstanceAgainstAFreshOne) {
  const auto pooled = make_engine();
  for_each_handler(2, [&](const std::string& source) {
    const auto fresh = make_engine();
    ASSERT_EQ(transcript(*pooled, source), transcript(*fresh, source));
  });
}

TEST_F(Differential, CachedCodeAgainstFreshlyCompiled) {
  const auto engine = make_engine();
  for_each_handler(1, [&](const std::string& source) {
    const std::string compiled = transcript(*engine, source);
    ASSERT_EQ(transcript(*engine, source), compiled);
  });
}

TEST_F(Differential, CodeFromDiskAgainstFreshlyCompiled) {
  const engine::ScratchDirectory disk;
  const auto writer = make_engine(disk.string());
  const auto reader = make_engine(disk.string());
  std::uint64_t handlers = 0;
  for_each_handler(2, [&](const std::string& source) {
    const std::string compiled = transcript(*writer, source);
    ASSERT_EQ(transcript(*reader, source), compiled);
    ++handlers;
  });
  EXPECT_EQ(writer->stats().cache_misses, handlers);
  EXPECT_EQ(reader->stats().cache_disk_hits, handlers) << "nothing was read from disk";
}

TEST_F(Differential, CodeCompiledAheadAgainstCompiledOnUse) {
  const auto ahead = make_engine();
  const auto on_use = make_engine();
  for_each_handler(2, [&](const std::string& source) {
    ASSERT_TRUE(ahead->precompile({source, {1, 1}}).ok());
    ASSERT_EQ(transcript(*ahead, source), transcript(*on_use, source));
  });
}

TEST_F(Differential, RestoredFromASnapshotAgainstKeptInPlace) {
  auto made = adversarial::SandboxStage::create({});
  ASSERT_TRUE(made.ok());
  const auto stage = std::move(made).take();
  for_each_handler(1, [&](const std::string& source) {
    const std::string kept = transcript(*stage, source, adversarial::Waiting::kInPlace);
    ASSERT_EQ(transcript(*stage, source, adversarial::Waiting::kSnapshot), kept);
  });
}

TEST_F(Differential, OnlyWhatWasInferredAgainstEveryCapability) {
  const auto engine = make_engine();
  for_each_handler(1, [&](const std::string& source) {
    std::vector<capability::Token> needed;
    for (const auto& need : capability::analyze_handler(source).needs) needed.push_back(need.token);
    ASSERT_EQ(transcript(*engine, source, capability::GrantSet(needed)),
              transcript(*engine, source));
  });
}

}  // namespace
}  // namespace nexus::differential
