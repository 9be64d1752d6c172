#include "nexus/storage/backup.h"

#include <thread>

#include "nexus/base/sha256.h"
#include "nexus/storage/bytes_internal.h"
#include "nexus/storage/sqlite_internal.h"
#include "nexus/storage/store_fixture_internal.h"

namespace nexus::storage {
namespace {

using State = std::map<std::string, std::string>;

class BackupTest : public StoreTest {
 protected:
  void fill() {
    open();
    PanelRecord panel = make_panel("one");
    ASSERT_STORED(create(*store, panel, {{"n", "0"}}));
    Transaction transaction =
        next_segment(panel, {{"n", "1"}, {"binary", std::string("\0\xff", 2)}});
    transaction.kv = {{"k", "v"}};
    transaction.timers = {{"t", 5, "d"}};
    transaction.executions = {{"run-0", "success", "{}", 9'000'000}};
    transaction.suspended = {{"run-1", "g", "i", std::string("\0m", 2), "h", 1, 2, 3, {}}};
    transaction.suspended[0].calls = {
        {"c", "nexus.time", "sleep", "a", 7, true, false, std::nullopt}};
    ASSERT_STORED(commit(*store, std::move(transaction)));
  }
  void expect_equal(const StoredPanel& a, StoredPanel b) {
    EXPECT_NE(a.record.epoch, b.record.epoch);
    b.record.epoch = a.record.epoch;
    b.record.id = a.record.id;
    EXPECT_EQ(a.record, b.record);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.suspended, b.suspended);
    EXPECT_EQ(a.timers, b.timers);
  }
};

TEST_F(BackupTest, ARestoredBackupIsTheSameWithNewEpochs) {
  fill();
  const auto original = store->load("one").take();
  ASSERT_STORED(backup(path(), root / "backup.db"));  // while the store is open
  store.reset();
  ASSERT_STORED(restore(root / "backup.db", root / "restored"));
  auto restored = open_store(root / "restored").take();
  expect_equal(original, restored->load("one").take());
  EXPECT_EQ(as_map(restored->state_at("one", 0).take()), (State{{"n", "0"}}));
  PanelRecord panel = restored->load("one").take().record;
  ASSERT_STORED(commit(*restored, next_segment(panel, {{"n", "2"}})));
}

TEST_F(BackupTest, ABackupUnderWritesIsOneMoment) {
  open();
  PanelRecord a = make_panel("a");
  PanelRecord b = make_panel("b");
  ASSERT_STORED(create(*store, a));
  ASSERT_STORED(create(*store, b));
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    // b never gets ahead of a, nor falls back by more than one.
    while (!stop) {
      EXPECT_TRUE(commit(*store, next_segment(a, {{"n", std::string(500, 'x')}})).ok());
      EXPECT_TRUE(commit(*store, next_segment(b, {{"n", std::string(500, 'x')}})).ok());
      ++written;
    }
  });
  for (int i = 0; i < 5; ++i) {
    const std::string name = "backup-" + std::to_string(i);
    for (const int before = written; written < before + 3;) std::this_thread::yield();
    EXPECT_TRUE(backup(path(), root / name).ok());
    EXPECT_TRUE(restore(root / name, root / (name + "-restored")).ok());
    const auto copy = open_store(root / (name + "-restored")).take();
    const std::uint64_t in_a = copy->load("a").take().record.version;
    const std::uint64_t in_b = copy->load("b").take().record.version;
    EXPECT_TRUE(in_a == in_b || in_a == in_b + 1) << in_a << " and " << in_b;
    EXPECT_GT(in_b, 0u);
  }
  stop = true;
  writer.join();
}

TEST_F(BackupTest, WhatACrashLeftIsSavedWithItsLog) {
  fill();
  std::filesystem::create_directory(root / "left");
  for (const std::string_view name : {"nexus.db", "nexus.db-wal"})
    std::filesystem::copy(path() + "/" + std::string(name), root / ("left/" + std::string(name)));
  ASSERT_STORED(backup(root / "left", root / "backup.db"));
  ASSERT_STORED(restore(root / "backup.db", root / "restored"));
  expect_equal(store->load("one").take(), open_store(root / "restored").take()->load("one").take());
  store.reset();
  ASSERT_STORED(backup(path(), root / "closed.db"));
}

TEST_F(BackupTest, NothingIsEverReplaced) {
  fill();
  write_all(root / "taken", "precious");
  EXPECT_FALSE(backup(path(), root / "taken").ok());
  EXPECT_EQ(read_all(root / "taken"), "precious");
  ASSERT_STORED(backup(path(), root / "backup.db"));
  const auto in_use = restore(root / "backup.db", path());
  ASSERT_FALSE(in_use.ok());
  EXPECT_NE(in_use.error().message.find("is in use"), std::string::npos) << in_use.error().message;
  store.reset();
  const auto full = restore(root / "backup.db", path());
  ASSERT_FALSE(full.ok());
  EXPECT_NE(full.error().message.find("is not empty"), std::string::npos) << full.error().message;
}

TEST_F(BackupTest, ANewVolumeOfExt4CountsAsEmpty) {
  fill();
  ASSERT_STORED(backup(path(), root / "backup.db"));
  std::filesystem::create_directories(root / "volume/lost+found");
  ASSERT_STORED(restore(root / "backup.db", root / "volume"));
  expect_equal(store->load("one").take(), open_store(root / "volume").take()->load("one").take());
}

TEST_F(BackupTest, ADamagedBackupIsNotRestored) {
  fill();
  ASSERT_STORED(backup(path(), root / "backup.db"));
  const std::string bytes = read_all(root / "backup.db");
  write_all(root / "cut", std::string_view(bytes).substr(0, bytes.size() - 5000));
  write_all(root / "other", "not a database at all");
  for (const std::string_view name : {"cut", "other", "missing"}) {
    const auto refused = restore(root / name, root / "restored");
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_NE(refused.error().message.find(root / name), std::string::npos)
        << refused.error().message;
    EXPECT_FALSE(std::filesystem::exists(root / "restored/nexus.db"));
  }
  EXPECT_FALSE(backup(root / "nowhere", root / "b").ok());
  EXPECT_FALSE(std::filesystem::exists(root / "b"));
}

TEST_F(BackupTest, AnExportedPanelIsTheSameUnderAnotherName) {
  fill();
  const auto file = store->export_panel("one");
  ASSERT_TRUE(file.ok()) << file.error().message;
  ASSERT_STORED(wait_for([&](Done done) { store->import_panel(*file, "two", std::move(done)); }));
  expect_equal(store->load("one").take(), store->load("two").take());
  EXPECT_EQ(store->kv("two", "k").value(), "v");
  EXPECT_EQ(as_map(store->state_at("two", 0).take()), (State{{"n", "0"}}));
  auto elsewhere = open_store(root / "elsewhere").take();
  ASSERT_STORED(wait_for([&](Done done) { elsewhere->import_panel(*file, "", std::move(done)); }));
  expect_equal(store->load("one").take(), elsewhere->load("one").take());
  const auto taken = wait_for([&](Done done) { store->import_panel(*file, "", std::move(done)); });
  EXPECT_EQ(taken.error().code, ErrorCode::kPanelExists);
}

TEST_F(BackupTest, AnExportOfTheFirstSchemaIsStillRead) {
  std::string file = "nexus-panel\n";
  const auto integer = [&](std::uint64_t value) {
    put_number(static_cast<std::uint64_t>(Query::Type::kInteger), file);
    put_number(value, file);
  };
  const auto bytes = [&](Query::Type type, std::string_view value) {
    put_number(static_cast<std::uint64_t>(type), file);
    put_bytes(value, file);
  };
  for (const std::uint64_t number : {1, 1}) put_number(number, file);  // format and schema
  for (const char* const text : {"old", "workspace"}) put_bytes(text, file);
  for (const std::uint64_t number : {0, 1, 1, 1000, 2000}) put_number(number, file);
  put_number(1, file);  // sources
  bytes(Query::Type::kText, "<NexusPanel/>");
  bytes(Query::Type::kBlob, "");
  put_number(2, file);  // state
  bytes(Query::Type::kText, "n");
  bytes(Query::Type::kBlob, "1");
  put_number(3, file);  // history
  for (const std::uint64_t number : {1, 1, 2000, 15}) integer(number);
  for (const char* const text : {"alice", "add", "run-1"}) bytes(Query::Type::kText, text);
  for (const char* const blob : {"args", "events"}) bytes(Query::Type::kBlob, blob);
  bytes(Query::Type::kBlob, pack_changes({{"n", "1"}}));
  bytes(Query::Type::kBlob, pack_changes({{"n", "0"}}));
  put_number(0, file);
  file += sha256_hex(file);

  open();
  ASSERT_STORED(wait_for([&](Done done) { store->import_panel(file, "", std::move(done)); }));
  EXPECT_EQ(as_map(store->state_at("old", 0).take()), (State{{"n", "0"}}));
  const auto history = store->history("old", 10, 10).take();
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].tool, "add");
  EXPECT_EQ(history[0].failure, "");
}

TEST_F(BackupTest, AChangedExportIsRefusedWholly) {
  fill();
  const std::string file = store->export_panel("one").take();
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto refused =
        wait_for([&](Done done) { store->import_panel(changed, "two", std::move(done)); });
    ASSERT_EQ(refused.error().code, ErrorCode::kBadRequest) << at;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, std::size_t{20}, file.size() - 1}) {
    const auto refused = wait_for(
        [&](Done done) { store->import_panel(file.substr(0, size), "two", std::move(done)); });
    ASSERT_EQ(refused.error().code, ErrorCode::kBadRequest) << size;
  }
  EXPECT_EQ(store->panels().value(), std::vector<std::string>{"one"});
  EXPECT_EQ(store->export_panel("three").error().code, ErrorCode::kPanelNotFound);
}

}  // namespace
}  // namespace nexus::storage
