// How fast changes of panels become durable, and what they cost on the disk.
//
//   storage_bench [--benchmark_filter=REGEX]
//
// The directory is made under TMPDIR and removed. Rates depend on the disk; compare them within one
// run.

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/storage/store.h"

namespace {

using namespace nexus;           // NOLINT
using namespace nexus::storage;  // NOLINT

// A store in a directory of its own with `panels` panels, and one segment after the other on each
// of them.
class Fixture {
 public:
  Fixture(std::size_t panels, Durability durability) {
    std::string pattern = (std::filesystem::temp_directory_path() / "nexus_bench_XXXXXX").string();
    NX_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    store_ = Store::open(DataDir::open(pattern).take(), {}).take();
    for (std::size_t i = 0; i < panels; ++i) {
      PanelRecord panel;
      panel.id = "panel-" + std::to_string(i);
      panel.epoch = "epoch";
      panel.durability = durability;
      panels_.push_back(panel);
      start();
      store_->create(std::move(panel), {},
                     [this](Result<void> result) { finish(std::move(result)); });
    }
    wait();
  }
  ~Fixture() {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  // A counter, a short list and what a suspended run costs when `suspended`.
  void segment(std::size_t i, bool suspended) {
    PanelRecord& panel = panels_[i];
    Transaction transaction;
    transaction.panel_id = panel.id;
    transaction.epoch = panel.epoch;
    transaction.durability = panel.durability;
    const std::string id = "0123456789abcdef0123456789abcdef";
    transaction.segment =
        Segment{++panel.sequence,
                ++panel.version,
                1'700'000'000'000,
                120,
                "alice",
                "add",
                id,
                std::string(20, 'a'),
                std::string(30, 'e'),
                {{"count", std::string(5, 'n')}, {"items", std::string(200, 'i')}}};
    if (suspended) {
      SuspendedRun run;
      run.execution_id = id + std::to_string(panel.sequence);
      run.memory = std::string(5800, 'm');
      run.host = std::string(300, 'h');
      run.calls.push_back(
          {id, "nexus.http", "get", std::string(60, 'u'), 0, true, false, std::nullopt});
      transaction.suspended.push_back(std::move(run));
    }
    start();
    store_->commit(std::move(transaction),
                   [this](Result<void> result) { finish(std::move(result)); });
  }

  // Until every change that was started has been answered.
  void wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return open_ == 0; });
  }

  Store& store() { return *store_; }
  std::size_t panels() const { return panels_.size(); }

  // Closes the store, which empties the log, and measures.
  std::uintmax_t bytes() {
    store_.reset();
    return std::filesystem::file_size(path_ / "nexus.db");
  }

 private:
  void start() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  void finish(Result<void> result) {
    NX_CHECK(result.ok());
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) done_.notify_one();
  }

  std::filesystem::path path_;
  std::unique_ptr<Store> store_;
  std::vector<PanelRecord> panels_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t open_ = 0;
};

// `waiters` panels each have one segment under way at a time.
void commits(benchmark::State& state, Durability durability, bool suspended) {
  const auto waiters = static_cast<std::size_t>(state.range(0));
  Fixture fixture(waiters, durability);
  std::int64_t segments = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < waiters; ++i) fixture.segment(i, suspended);
    fixture.wait();
    segments += state.range(0);
  }
  state.SetItemsProcessed(segments);
}

void BM_Commit(benchmark::State& state) { commits(state, Durability::kCommit, false); }
void BM_Async(benchmark::State& state) { commits(state, Durability::kAsync, false); }
void BM_SuspendAndCommit(benchmark::State& state) { commits(state, Durability::kCommit, true); }
BENCHMARK(BM_Commit)->Arg(1)->Arg(10)->Arg(100)->UseRealTime();
BENCHMARK(BM_Async)->Arg(1)->Arg(10)->Arg(100)->UseRealTime();
BENCHMARK(BM_SuspendAndCommit)->Arg(1)->Arg(100)->UseRealTime();

// Bytes of the database per kept segment, with or without a suspended run.
void bytes_per_segment(benchmark::State& state) {
  constexpr int kSegments = 900;  // below the default retention, so all are kept
  for (auto _ : state) {
    Fixture fixture(1, Durability::kCommit);
    for (int i = 0; i < kSegments; ++i) fixture.segment(0, state.range(0) != 0);
    fixture.wait();
    state.counters["bytes_per_segment"] = static_cast<double>(fixture.bytes()) / kSegments;
  }
}
BENCHMARK(bytes_per_segment)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

// A start after a crash: reads every panel, 10,000 suspended runs in all.
void BM_LoadSuspended(benchmark::State& state) {
  Fixture fixture(1000, Durability::kCommit);
  for (int run = 0; run < 10; ++run)
    for (std::size_t i = 0; i < fixture.panels(); ++i) fixture.segment(i, true);
  fixture.wait();
  std::size_t runs = 0;
  for (auto _ : state) {
    runs = 0;
    const auto ids = fixture.store().panels().take();
    for (const std::string& id : ids) runs += fixture.store().load(id).take().suspended.size();
  }
  NX_CHECK(runs == 10'000);
}
BENCHMARK(BM_LoadSuspended)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
