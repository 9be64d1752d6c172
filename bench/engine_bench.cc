// What does a run cost, what does starting from pristine memory add, and how fast is the guest?
//
// Every figure has its yardstick in the same process and the same sitting: QuickJS of the same source built
// natively. Read the ratios in the table at the end; absolute times depend on the machine. Stable figures:
//   engine_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=false

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "must.h"
#include "native_quickjs.h"
#include "nexus/engine/engine.h"
#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus_abi.h"

namespace nexus::bench {
namespace {

// ---- One handler ------------------------------------------------------------------------------------

constexpr const char* kHandler = "$state.count++";

class CountState final : public engine::StateView {
 public:
  const value::Value* get(std::string_view key) const override { return key == "count" ? &count_ : nullptr; }
  std::vector<std::string> keys() const override { return {"count"}; }
  Result<void> check_write(std::string_view, value::Value*) const override { return {}; }

 private:
  value::Value count_ = 5;
};

engine::RunRequest increment() {
  return {.panel_id = "bench",
          .handler_name = "increment",
          .source = {kHandler, {1, 1}},
          .args = value::Object{},
          .scope = value::Object{},
          .capabilities = capability::GrantSet::everything(),
          .extensions = nullptr,
          .limits = {}};
}

void warm_run(benchmark::State& state) {
  const auto engine = must(engine::Engine::create({}));
  const CountState count;
  const engine::RunRequest request = increment();
  for (auto _ : state) {
    const engine::Outcome outcome = engine->execute(request, count);
    if (outcome.mutations.size() != 1 || outcome.mutations[0].value != value::Value(6)) std::abort();
  }
}

// One engine for all threads: what they share must not slow them down.
void warm_run_on_threads(benchmark::State& state) {
  static const auto engine = must(engine::Engine::create({}));
  std::optional<sandbox::ThreadScope> scope;
  if (state.thread_index() > 0) scope.emplace();
  const CountState count;
  const engine::RunRequest request = increment();
  for (auto _ : state)
    if (engine->execute(request, count).status != engine::Status::kSuccess) std::abort();
}

// An engine for each thread: what two processors give when nothing is shared.
void warm_run_on_engines(benchmark::State& state) {
  std::optional<sandbox::ThreadScope> scope;
  if (state.thread_index() > 0) scope.emplace();
  const auto engine = must(engine::Engine::create({}));
  const CountState count;
  const engine::RunRequest request = increment();
  for (auto _ : state)
    if (engine->execute(request, count).status != engine::Status::kSuccess) std::abort();
}

// Nothing stays in memory, so that each run reads its bytecode from disk.
void first_run_from_disk(benchmark::State& state) {
  std::string folder = std::filesystem::temp_directory_path() / "nexus-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  engine::Options options;
  options.cache_dir = folder;
  options.cache_memory_bytes = 0;
  {
    const auto engine = must(engine::Engine::create(options));
    const CountState count;
    const engine::RunRequest request = increment();
    engine->execute(request, count);
    for (auto _ : state)
      if (!engine->execute(request, count).metrics.cache_hit) std::abort();
  }
  std::filesystem::remove_all(folder);
}

// The equivalent without any host: state is a plain object of the script.
void native_fresh_run(benchmark::State& state) {
  const std::string script = std::string("var $state = {count: 5}; (async () => {") + kHandler + "})();";
  for (auto _ : state) {
    NativeQuickJs fresh;
    fresh.eval(script);
  }
}

void native_runtime_and_context(benchmark::State& state) {
  for (auto _ : state) NativeQuickJs fresh;
}

// ---- Sandbox ----------------------------------------------------------------------------------------

class ScriptHost final : public sandbox::HostCalls {
 public:
  explicit ScriptHost(std::string source) : source_(std::move(source)) {}
  sandbox::HostReply call(sandbox::HostFunction function, const std::uint32_t* a,
                          sandbox::GuestMemory& memory) override {
    if (function != sandbox::HostFunction::kInput || a[0] != NX_SLOT_SOURCE) return {};
    if (source_.size() <= a[2]) memory.write(a[1], source_);
    return {static_cast<std::int32_t>(source_.size())};
  }
  std::uint64_t wall_clock_ns() override { return 0; }

 private:
  const std::string source_;
};

sandbox::Budget budget() {
  return {std::chrono::steady_clock::now() + std::chrono::hours(1), std::size_t{256} << 20};
}

void guest_eval(sandbox::Instance& instance, ScriptHost& host) {
  const sandbox::Exit exit = instance.call(sandbox::Export::kEval, {}, host, budget());
  if (exit.stop != sandbox::StopReason::kNone || exit.value != NX_RUN_DONE) std::abort();
}

// Restoring what one run writes: a byte of each of its pages is changed before each reset, so that the pages
// stay in the resident set.
void reset_alone(benchmark::State& state) {
  const auto box = must(sandbox::Sandbox::create({}));
  const auto instance = must(box->new_instance());
  ScriptHost host("");
  guest_eval(*instance, host);
  instance->restore_whole();
  ScriptHost tiny("1");
  instance->call(sandbox::Export::kCompile, {}, tiny, budget());
  const auto pages = sandbox::differing_pages(instance->memory());
  for (auto _ : state) {
    for (const std::uint32_t page : pages) ++instance->memory().data()[page * sandbox::LinearMemory::page_size()];
    instance->restore();
  }
  state.counters["pages"] = static_cast<double>(pages.size());
}

void call_into_guest(benchmark::State& state) {
  const auto box = must(sandbox::Sandbox::create({}));
  const auto instance = must(box->new_instance());
  ScriptHost host("");
  for (auto _ : state) instance->call(sandbox::Export::kControl, {}, host, budget());
}

// ---- Scripts ----------------------------------------------------------------------------------------

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  // A function of its own, so that evaluating again declares nothing twice.
  return "(() => {\n" + text.str() + "\n})();";
}

void guest_script(benchmark::State& state, const std::string& script) {
  const auto box = must(sandbox::Sandbox::create({}));
  const auto instance = must(box->new_instance());
  ScriptHost host(script);
  for (auto _ : state) {
    guest_eval(*instance, host);
    instance->call(sandbox::Export::kDrain, {}, host, budget());
  }
}

void native_script(benchmark::State& state, const std::string& script) {
  NativeQuickJs native;
  for (auto _ : state) native.eval(script);
}

// ---- Report -----------------------------------------------------------------------------------------

// Prints the ratios that the closing table is made of: medians where there are repetitions.
class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      const bool median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
      if (run.run_type == Run::RT_Iteration || median)
        nanoseconds_[run.run_name.function_name] =
            run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit) * 1e9;
    }
  }

  void print_ratios(const std::vector<std::string>& scripts) const {
    double product = 1;
    int count = 0;
    fmt::print("\n{:<12}{:>14}{:>14}{:>9}\n", "script", "native us", "guest us", "ratio");
    for (const std::string& script : scripts) {
      const double native = at("native/" + script);
      const double guest = at("guest/" + script);
      if (native == 0 || guest == 0) continue;
      fmt::print("{:<12}{:>14.1f}{:>14.1f}{:>9.3f}\n", script, native / 1000, guest / 1000, guest / native);
      product *= guest / native;
      ++count;
    }
    if (count > 0) fmt::print("{:<12}{:>37.3f}\n", "geometric mean", std::pow(product, 1.0 / count));
    if (at("warm_run") > 0 && at("native_fresh_run") > 0)
      fmt::print("a warm run of `{}` from pristine memory: {:.2f} us; native with a fresh runtime: {:.1f} us; {:.1f} "
                 "times cheaper\nreset alone: {:.2f} us, {:.0f} % of the run\n",
                 kHandler, at("warm_run") / 1000, at("native_fresh_run") / 1000,
                 at("native_fresh_run") / at("warm_run"), at("reset_alone") / 1000,
                 100 * at("reset_alone") / at("warm_run"));
    if (at("first_run_from_disk") > 0 && at("native_runtime_and_context") > 0)
      fmt::print("a first run with bytecode on disk: {:.1f} us; a native runtime and context: {:.1f} us; {:.2f} times\n",
                 at("first_run_from_disk") / 1000, at("native_runtime_and_context") / 1000,
                 at("first_run_from_disk") / at("native_runtime_and_context"));
    if (at("warm_run_on_1_thread") > 0 && at("warm_run_on_2_threads") > 0)
      fmt::print("two threads give {:.2f} times the runs of one\n",
                 at("warm_run_on_1_thread") / at("warm_run_on_2_threads"));
  }

 private:
  double at(const std::string& name) const {
    const auto found = nanoseconds_.find(name);
    return found == nanoseconds_.end() ? 0 : found->second;
  }

  std::map<std::string, double> nanoseconds_;
};

}  // namespace
}  // namespace nexus::bench

int main(int argc, char** argv) {
  using namespace nexus::bench;  // NOLINT: the whole program is this function
  const nexus::sandbox::ThreadScope thread;
  benchmark::Initialize(&argc, argv);
  benchmark::RegisterBenchmark("warm_run", warm_run);
  benchmark::RegisterBenchmark("warm_run_on_1_thread", warm_run_on_threads)->UseRealTime();
  benchmark::RegisterBenchmark("warm_run_on_2_threads", warm_run_on_threads)->Threads(2)->UseRealTime();
  benchmark::RegisterBenchmark("warm_run_on_2_engines", warm_run_on_engines)->Threads(2)->UseRealTime();
  benchmark::RegisterBenchmark("first_run_from_disk", first_run_from_disk);
  benchmark::RegisterBenchmark("native_fresh_run", native_fresh_run);
  benchmark::RegisterBenchmark("native_runtime_and_context", native_runtime_and_context);
  benchmark::RegisterBenchmark("reset_alone", reset_alone);
  benchmark::RegisterBenchmark("call_into_guest", call_into_guest);
  std::vector<std::string> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(NEXUS_SOURCE_DIR "/bench/scripts"))
    scripts.push_back(entry.path().stem().string());
  std::sort(scripts.begin(), scripts.end());
  for (const std::string& name : scripts) {
    const std::string script = read(NEXUS_SOURCE_DIR "/bench/scripts/" + name + ".js");
    benchmark::RegisterBenchmark(("native/" + name).c_str(), native_script, script);
    benchmark::RegisterBenchmark(("guest/" + name).c_str(), guest_script, script);
  }
  RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios(scripts);
}
