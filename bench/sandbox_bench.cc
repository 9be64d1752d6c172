// What do reset, idle instances and snapshots cost, and what would the alternatives to our reset?
//
// Each alternative really restores the base image after K of its pages were written, on 1 and on 2 threads with
// a memory each. Read ratios of one run: absolute times depend on the machine. The table in docs/SANDBOX.md:
//   sandbox_bench --benchmark_min_time=0.2 --benchmark_repetitions=5 --benchmark_report_aggregates_only=true

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "must.h"
#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus_abi.h"
#include "reset_alternatives.h"

namespace nexus::bench {
namespace {

using sandbox::Export;
using sandbox::HostFunction;
using sandbox::Instance;

sandbox::Sandbox& box() {
  static const auto made = must(sandbox::Sandbox::create({}));
  return *made;
}

// ---- Reset and its alternatives ---------------------------------------------------------------------

// Pages as runs write them: half of them scattered, half of them one after the other where the heap grows.
std::vector<std::uint32_t> pattern(std::size_t count, std::size_t image_pages) {
  std::vector<std::uint32_t> pages;
  const std::size_t stride = std::min<std::size_t>(3, image_pages / count);
  for (std::size_t i = 0; i < count / 2; ++i) pages.push_back(static_cast<std::uint32_t>(stride * i));
  for (std::size_t i = 0; pages.size() < count; ++i) pages.push_back(static_cast<std::uint32_t>(image_pages / 2 + i));
  return pages;
}

// Arguments: number of pages that are written between two resets.
void reset(benchmark::State& state, ResetKind kind) {
  const sandbox::ThreadScope thread;
  const sandbox::BaseImage& image = box().image();
  const auto memory = make_reset(kind, image);
  if (memory == nullptr) {
    state.SkipWithError("this kernel does not have it");
    return;
  }
  const std::size_t page_bytes = sandbox::LinearMemory::page_size();
  const auto pages = pattern(static_cast<std::size_t>(state.range(0)), image.size() / page_bytes);
  for (auto _ : state) {
    for (const std::uint32_t page : pages) ++memory->data()[page * page_bytes];
    if (!memory->reset()) state.SkipWithError("the system refused to reset");
  }
  if (std::memcmp(memory->data(), image.data(), image.size()) != 0) state.SkipWithError("not the image again");
  state.SetItemsProcessed(state.iterations());
}

// ---- Runs -------------------------------------------------------------------------------------------

// Serves the slots, keeps the code, lets every extension call wait.
class BenchHost final : public sandbox::HostCalls {
 public:
  std::map<std::uint32_t, std::string> slots{{NX_SLOT_ARGS, "\x80"}, {NX_SLOT_SCOPE, "\x80"}};

  sandbox::HostReply call(HostFunction function, const std::uint32_t* a, sandbox::GuestMemory& memory) override {
    if (function == HostFunction::kOutput && a[0] == NX_OUT_CODE)
      slots[NX_SLOT_CODE] = memory.read({a[1], a[2]}).value_or("");
    if (function == HostFunction::kExtExists) return {1};
    if (function == HostFunction::kExtSuspend) return {calls_++};
    if (function != HostFunction::kInput) return {};
    const std::string& bytes = slots[a[0]];
    if (bytes.size() <= a[2]) memory.write(a[1], bytes);
    return {static_cast<std::int32_t>(bytes.size())};
  }
  std::uint64_t wall_clock_ns() override { return 0; }

 private:
  std::int32_t calls_ = 0;
};

constexpr std::size_t kMemoryBytes = std::size_t{32} << 20;

void call(Instance& instance, Export entry, std::array<std::uint32_t, 4> arguments, BenchHost& host,
          std::uint32_t expected) {
  const sandbox::Budget budget{std::chrono::steady_clock::now() + std::chrono::minutes(1), kMemoryBytes};
  const sandbox::Exit exit = instance.call(entry, arguments, host, budget);
  if (exit.stop != sandbox::StopReason::kNone || exit.value != expected) std::abort();
}

BenchHost compiled(Instance& instance, std::string source) {
  BenchHost host;
  host.slots[NX_SLOT_SOURCE] = std::move(source);
  call(instance, Export::kCompile, {}, host, NX_RUN_DONE);
  if (!instance.restore_whole()) std::abort();
  return host;
}

// A whole run from pristine memory: what two threads must do nearly twice as often as one.
void run_and_restore(benchmark::State& state) {
  const sandbox::ThreadScope thread;
  const auto instance = must(box().new_instance());
  BenchHost host = compiled(*instance, "return Object.keys($args).length");
  for (auto _ : state) {
    call(*instance, Export::kRun, {1, 2, 3, 4}, host, NX_RUN_DONE);
    instance->restore();
  }
  state.SetItemsProcessed(state.iterations());
}

// The first run of an instance that knows only the common pages.
void first_run(benchmark::State& state) {
  const auto instance = must(box().new_instance());
  BenchHost host = compiled(*instance, "return Object.keys($args).length");
  for (auto _ : state) {
    state.PauseTiming();
    instance->restore_whole();
    state.ResumeTiming();
    call(*instance, Export::kRun, {1, 2, 3, 4}, host, NX_RUN_DONE);
  }
}

// ---- Memory -----------------------------------------------------------------------------------------

// The process's own memory, in bytes.
double private_memory() {
  std::ifstream file("/proc/self/smaps_rollup");
  double kib = 0;
  for (std::string word; file >> word;)
    if (word == "Private_Clean:" || word == "Private_Dirty:") {
      double value = 0;
      file >> value;
      kib += value;
    }
  return kib * 1024;
}

// Instances that each have run `source` and wait for the next run: at once, and after the pool's idle time.
void idle_instance(benchmark::State& state, const std::string& source) {
  constexpr int kInstances = 100;
  for (auto _ : state) {
    std::vector<std::unique_ptr<Instance>> instances;
    const double before = private_memory();
    double counted = 0;
    for (int i = 0; i < kInstances; ++i) {
      instances.push_back(must(box().new_instance()));
      BenchHost host = compiled(*instances.back(), source);
      call(*instances.back(), Export::kRun, {}, host, NX_RUN_DONE);
      instances.back()->restore();
      counted += static_cast<double>(instances.back()->private_bytes());
    }
    state.counters["KiB_each"] = (private_memory() - before) / kInstances / 1024;
    state.counters["KiB_counted"] = counted / kInstances / 1024;
    for (const auto& instance : instances) instance->restore_whole();
    state.counters["KiB_idle"] = (private_memory() - before) / kInstances / 1024;
  }
}

// ---- Snapshots --------------------------------------------------------------------------------------

// Waits in the second round of a loop over two calls at once.
constexpr const char* kWaiting = R"(
  const seen = [];
  for (let round = 0; round < 3; round++) {
    const [a, b] = await Promise.all([$ext.http.get('https://example.com/' + round), $ext.time.sleep({ms: 5})]);
    seen.push(a, b);
  }
  return seen)";

void play_until_waiting(Instance& instance) {
  BenchHost host = compiled(instance, kWaiting);
  host.slots[NX_SLOT_ANSWER] = "\x93\x01\x02\x03";
  call(instance, Export::kRun, {1, 2, 3, 4}, host, NX_RUN_PENDING);
  call(instance, Export::kResume, {0, 1}, host, NX_RUN_PENDING);
  call(instance, Export::kResume, {1, 1}, host, NX_RUN_PENDING);
}

void snapshot_take(benchmark::State& state) {
  const auto instance = must(box().new_instance());
  play_until_waiting(*instance);
  std::size_t bytes = 0;
  std::uint32_t pages = 0;
  for (auto _ : state) {
    const sandbox::Snapshot snapshot = instance->snapshot();
    bytes = snapshot.bytes();
    pages = snapshot.pages;
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["pages"] = pages;
}

void snapshot_put_back(benchmark::State& state) {
  const auto instance = must(box().new_instance());
  play_until_waiting(*instance);
  const sandbox::Snapshot snapshot = instance->snapshot();
  for (auto _ : state)
    if (!instance->load(snapshot, kMemoryBytes).ok()) std::abort();
}

void hundred_thousand_snapshots(benchmark::State& state) {
  constexpr std::size_t kCount = 100'000;
  const auto instance = must(box().new_instance());
  play_until_waiting(*instance);
  for (auto _ : state) {
    std::vector<sandbox::Snapshot> waiting;
    waiting.reserve(kCount);
    const double before = private_memory();
    while (waiting.size() < kCount) waiting.push_back(instance->snapshot());
    state.counters["MiB"] = (private_memory() - before) / (1 << 20);
    state.counters["KiB_each"] = (private_memory() - before) / kCount / 1024;
    if (!instance->load(waiting.back(), kMemoryBytes).ok()) std::abort();
  }
}

}  // namespace
}  // namespace nexus::bench

int main(int argc, char** argv) {
  using namespace nexus::bench;  // NOLINT: the whole program is this function
  const nexus::sandbox::ThreadScope thread;
  benchmark::Initialize(&argc, argv);
  for (const auto& [name, kind] : kResetKinds)
    for (const int threads : {1, 2}) {
      auto* const bench = benchmark::RegisterBenchmark(fmt::format("reset/{}", name).c_str(), reset, kind);
      for (const int pages : {8, 16, 32, 64, 128, 192}) bench->Arg(pages);
      bench->Threads(threads)->UseRealTime();
    }
  for (const int threads : {1, 2})
    benchmark::RegisterBenchmark("run_and_restore", run_and_restore)->Threads(threads)->UseRealTime();
  benchmark::RegisterBenchmark("first_run", first_run)->Iterations(2000);
  benchmark::RegisterBenchmark("idle_instance/small_run", idle_instance, "return 1")->Iterations(1);
  benchmark::RegisterBenchmark("idle_instance/large_run", idle_instance,
                               "const a = []; for (let i = 0; i < 5000; i++) a.push({i}); return 1")
      ->Iterations(1);
  benchmark::RegisterBenchmark("snapshot/take", snapshot_take);
  benchmark::RegisterBenchmark("snapshot/put_back", snapshot_put_back);
  benchmark::RegisterBenchmark("snapshot/100000", hundred_thousand_snapshots)->Iterations(1);
  benchmark::RunSpecifiedBenchmarks();
}
