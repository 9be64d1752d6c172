#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "nexus/storage/store.h"

namespace nexus::storage {

// A clock that tests move.
class TestClock final : public Clock {
 public:
  Steady now() const override { return std::chrono::steady_clock::now(); }
  Wall wall() const override { return Wall(std::chrono::milliseconds(ms.load())); }
  std::atomic<std::int64_t> ms{1'000'000};
};

// A directory of the test's own, removed afterwards.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "nexus_storage_XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void write_all(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline Result<std::unique_ptr<Store>> open_store(const std::string& path,
                                                 StoreOptions options = {}) {
  NX_TRY(auto directory, DataDir::open(path));
  return Store::open(std::move(directory), std::move(options));
}

// Starts a write and waits for its answer.
template <typename Start>
Result<void> wait_for(Start start) {
  const auto promise = std::make_shared<std::promise<Result<void>>>();
  auto answer = promise->get_future();
  start([promise](Result<void> result) { promise->set_value(std::move(result)); });
  return answer.get();
}

inline PanelRecord make_panel(std::string id, Durability durability = Durability::kCommit) {
  PanelRecord panel;
  panel.id = std::move(id);
  panel.workspace_id = "workspace";
  panel.source = "<NexusPanel/>";
  panel.settings = std::string("\0settings", 9);
  panel.durability = durability;
  panel.epoch = "epoch";
  panel.created_ms = 1000;
  panel.updated_ms = 1000;
  return panel;
}

// The next segment of `panel`, which is brought to what it will be.
inline Transaction next_segment(PanelRecord& panel, std::vector<StateChange> mutations,
                                std::int64_t at_ms = 2000) {
  Transaction transaction;
  transaction.panel_id = panel.id;
  transaction.epoch = panel.epoch;
  transaction.durability = panel.durability;
  panel.sequence += 1;
  panel.version += mutations.empty() ? 0 : 1;
  panel.updated_ms = at_ms;
  transaction.segment =
      Segment{panel.sequence, panel.version, at_ms,  15,       "alice",
              "add",          "run-1",       "args", "events", std::move(mutations)};
  return transaction;
}

inline Result<void> create(Store& store, const PanelRecord& panel,
                           std::vector<StateChange> state = {}) {
  return wait_for([&](Done done) { store.create(panel, std::move(state), std::move(done)); });
}

inline Result<void> commit(Store& store, Transaction transaction) {
  return wait_for([&](Done done) { store.commit(std::move(transaction), std::move(done)); });
}

inline std::map<std::string, std::string> as_map(const std::vector<StateChange>& state) {
  std::map<std::string, std::string> map;
  for (const StateChange& entry : state) map[entry.key] = entry.value.value_or("(none)");
  return map;
}

// A store in a directory of its own.
class StoreTest : public testing::Test {
 protected:
  void open(StoreOptions options = {}) {
    store.reset();
    options.clock = &clock;
    auto opened = open_store(path(), std::move(options));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store = std::move(opened).take();
  }
  std::string path() const { return root / "data"; }

  TemporaryDirectory root;
  TestClock clock;
  std::unique_ptr<Store> store;
};

#define ASSERT_STORED(expression)                                                         \
  do {                                                                                    \
    const auto nx_stored = (expression);                                                  \
    ASSERT_TRUE(nx_stored.ok()) << nx_stored.error().message << nx_stored.error().detail; \
  } while (false)

}  // namespace nexus::storage
