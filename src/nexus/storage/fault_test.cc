#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "nexus/storage/fault_vfs_internal.h"
#include "nexus/storage/sqlite_internal.h"
#include "nexus/storage/store_fixture_internal.h"

namespace nexus::storage {
namespace {

using State = std::map<std::string, std::string>;

class FaultTest : public StoreTest {
 protected:
  ~FaultTest() override { store.reset(); }
  StoreOptions faulty() {
    StoreOptions options;
    options.vfs = FaultVfs::name();
    return options;
  }
  FaultVfs disk;
};

TEST_F(FaultTest, AFullDiskRefusesAndLetsGoOnWhenThereIsRoomAgain) {
  open(faulty());
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "1"}})));
  const PanelRecord stored = panel;
  disk.fail_writes(SQLITE_FULL);
  for (int i = 0; i < 3; ++i) {
    PanelRecord attempt = stored;
    const auto refused = commit(*store, next_segment(attempt, {{"n", "2"}}));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message, "storage failed: the disk is full");
    EXPECT_EQ(refused.error().code, ErrorCode::kStorageError);
    EXPECT_FALSE(store->health().ok());
    EXPECT_EQ(as_map(store->load("one").take().state), (State{{"n", "1"}}));  // readers go on
  }
  disk.fail_writes(0);
  ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "3"}})));
  EXPECT_TRUE(store->health().ok());
  open(faulty());
  EXPECT_EQ(as_map(store->load("one").take().state), (State{{"n", "3"}}));
}

TEST_F(FaultTest, AWriteTooLargeForTheDiskDoesNotFailItsNeighbours) {
  open(faulty());
  PanelRecord small = make_panel("small");
  PanelRecord large = make_panel("large");
  ASSERT_STORED(create(*store, small));
  ASSERT_STORED(create(*store, large));
  disk.limit_files(512 << 10);
  // Holds the writer until the others wait, so that they become one group.
  std::promise<void> queued;
  std::atomic<int> order = 0;
  std::promise<bool> answers[3];
  store->commit(next_segment(small, {{"n", "1"}}), [&](Result<void> result) {
    queued.get_future().wait();
    answers[0].set_value(result.ok() && order++ == 0);
  });
  store->commit(next_segment(large, {{"n", std::string(2 << 20, 'x')}}), [&](Result<void> result) {
    answers[1].set_value(!result.ok() &&
                         result.error().message == "storage failed: the disk is full" &&
                         order++ == 1);
  });
  store->commit(next_segment(small, {{"n", "2"}}),
                [&](Result<void> result) { answers[2].set_value(result.ok() && order++ == 2); });
  queued.set_value();
  for (std::promise<bool>& answer : answers) EXPECT_TRUE(answer.get_future().get());
  EXPECT_EQ(as_map(store->load("small").take().state), (State{{"n", "2"}}));
  EXPECT_TRUE(store->load("large").take().state.empty());
}

TEST_F(FaultTest, AfterAFailedSyncNothingIsAcknowledgedUntilTheLogIsSoundAgain) {
  open(faulty());
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  for (const int code : {SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE}) {
    const PanelRecord stored = panel;
    (code == SQLITE_IOERR_FSYNC) ? disk.fail_syncs(code) : disk.fail_writes(code);
    for (int i = 0; i < 3; ++i) {
      PanelRecord attempt = stored;
      const auto refused = commit(*store, next_segment(attempt, {{"n", "lost"}}));
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().message, "storage failed: the disk reported an error");
    }
    disk.fail_syncs(0);
    disk.fail_writes(0);
    // What failed may or may not have been stored: whoever was refused loads the panel again.
    panel = store->load("one").take().record;
    ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "1"}})));
  }
  std::mt19937 random(1);
  disk.cut_power(random);
  store.reset();
  disk.power_up();
  open(faulty());
  EXPECT_EQ(as_map(store->load("one").take().state), (State{{"n", "1"}}));
  EXPECT_EQ(store->load("one").take().record, panel);
}

TEST_F(FaultTest, OneSyncServesAllThatWait) {
  open(faulty());
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  const std::uint64_t before = disk.syncs();
  std::promise<void> last;
  std::atomic<int> left = 500;
  for (int i = 0; i < 500; ++i)
    store->commit(next_segment(panel, {{"n", std::to_string(i)}}), [&](Result<void> result) {
      EXPECT_TRUE(result.ok());
      if (--left == 0) last.set_value();
    });
  last.get_future().wait();
  EXPECT_LT(disk.syncs() - before, 400u);
}

// Shows that the cut of the tests below does take what was not synced.
TEST_F(FaultTest, APowerCutTakesWhatWasNotSynced) {
  open(faulty());
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  store.reset();
  auto careless =
      Connection::open(path() + "/nexus.db", Connection::Mode::kWrite, FaultVfs::name()).take();
  ASSERT_TRUE(careless->execute("PRAGMA synchronous = OFF; UPDATE panels SET version = 77").ok());
  std::mt19937 random(2);
  disk.cut_power(random);
  careless.reset();
  disk.power_up();
  open(faulty());
  EXPECT_EQ(store->load("one").take().record.version, 0u);
}

// Panels that write as fast as they are answered, each its own chain of segments.
class Workload {
 public:
  Workload(Store& store, Durability durability, int panels) : store_(store) {
    for (int i = 0; i < panels; ++i) {
      panels_.push_back(make_panel("panel-" + std::to_string(i), durability));
      EXPECT_TRUE(create(store, panels_.back(), {{"n", "0"}}).ok());
    }
    acknowledged_ = std::vector<std::atomic<std::uint64_t>>(panels_.size());
    for (std::size_t i = 0; i < panels_.size(); ++i) write(i);
  }
  std::uint64_t acknowledged(std::size_t panel) const { return acknowledged_[panel]; }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& count : acknowledged_) sum += count;
    return sum;
  }
  void stop() { stopped_ = true; }

 private:
  void write(std::size_t i) {
    Transaction transaction =
        next_segment(panels_[i], {{"n", std::to_string(panels_[i].version + 1)},
                                  {"filler", std::string(panels_[i].version % 977, 'x')}});
    store_.commit(std::move(transaction), [this, i](Result<void> result) {
      if (!result.ok() || stopped_) return;
      ++acknowledged_[i];
      write(i);
    });
  }

  Store& store_;
  std::vector<PanelRecord> panels_;  // each touched by one chain only
  std::vector<std::atomic<std::uint64_t>> acknowledged_;
  std::atomic<bool> stopped_ = false;
};

TEST_F(FaultTest, APowerCutTakesNothingThatWasAcknowledged) {
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    open(faulty());
    const auto ids = store->panels().take();
    for (const std::string& id : ids)
      ASSERT_STORED(wait_for([&](Done done) { store->drop(id, std::move(done)); }));
    Workload workload(*store, Durability::kCommit, 4);
    const std::uint64_t enough = random() % 400;
    while (workload.total() < enough) std::this_thread::yield();
    disk.cut_power(random);
    workload.stop();
    store.reset();
    disk.power_up();
    open(faulty());
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string id = "panel-" + std::to_string(i);
      const auto loaded = store->load(id).take();
      EXPECT_GE(loaded.record.version, workload.acknowledged(i)) << id;
      EXPECT_EQ(as_map(loaded.state).at("n"), std::to_string(loaded.record.version)) << id;
      EXPECT_EQ(loaded.record.sequence, loaded.record.version) << id;
    }
  }
}

TEST_F(FaultTest, AfterACrashAsyncPanelsHaveANewEpochAndOthersDoNot) {
  open(faulty());
  ASSERT_STORED(create(*store, make_panel("commit")));
  ASSERT_STORED(create(*store, make_panel("async", Durability::kAsync)));
  std::mt19937 random(4);
  disk.cut_power(random);
  store.reset();
  disk.power_up();
  open(faulty());
  EXPECT_EQ(store->load("commit").take().record.epoch, "epoch");
  const std::string epoch = store->load("async").take().record.epoch;
  EXPECT_NE(epoch, "epoch");
  EXPECT_EQ(epoch.size(), 16u);
  open(faulty());
  EXPECT_EQ(store->load("async").take().record.epoch, epoch);
}

// A real limit of the system: past it every write of this process fails.
TEST_F(FaultTest, AFileThatMayNotGrowIsAClearErrorAndLosesNothing) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    auto small = open_store(path());
    if (!small.ok()) _exit(10);
    PanelRecord panel = make_panel("one");
    if (!create(**small, panel).ok() || !commit(**small, next_segment(panel, {{"n", "1"}})).ok())
      _exit(11);
    const rlimit limit{256 << 10, 256 << 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto refused = commit(**small, next_segment(panel, {{"n", std::string(1 << 20, 'x')}}));
    if (refused.ok() || refused.error().code != ErrorCode::kStorageError) _exit(12);
    _exit(as_map((*small)->load("one").take().state).at("n") == "1" ? 0 : 13);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  open();
  EXPECT_EQ(as_map(store->load("one").take().state), (State{{"n", "1"}}));
}

}  // namespace
}  // namespace nexus::storage
