#include "nexus/storage/store.h"

#include <thread>

#include "nexus/storage/schema_internal.h"
#include "nexus/storage/store_fixture_internal.h"

namespace nexus::storage {
namespace {

using State = std::map<std::string, std::string>;

SuspendedRun make_run(std::string id) {
  SuspendedRun run{std::move(id), "guest", "image", std::string("\0memory", 7), "host", 42,
                   1000,          61000,   {}};
  run.calls.push_back({"call-1", "nexus.http", "get", "args", 61000, true, false, std::nullopt});
  run.calls.push_back(
      {"call-2", "nexus.approval", "request", "", 99000, false, false, std::nullopt});
  return run;
}

TEST_F(StoreTest, APanelComesBackAsItWas) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel, {{"count", "0"}, {"name", std::string("\0x", 2)}}));
  ASSERT_STORED(commit(*store, next_segment(panel, {{"count", "1"}, {"name", std::nullopt}})));
  open();
  const auto loaded = store->load("one");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->record, panel);
  EXPECT_EQ(as_map(loaded->state), (State{{"count", "1"}}));
  EXPECT_EQ(store->panels().value(), std::vector<std::string>{"one"});
}

TEST_F(StoreTest, EveryPartOfATransactionIsStored) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  Transaction transaction = next_segment(panel, {{"a", "1"}});
  const SuspendedRun run = make_run("run-1");
  const ExecutionRecord execution{"run-0", "success", "{}", 2'000'000};
  const IdempotencyRecord idempotency{"key", "hash", "run-0", 2'000'000};
  transaction.source = Source{"<New/>", "new settings"};
  transaction.executions = {execution};
  transaction.idempotency = {idempotency};
  transaction.suspended = {run};
  transaction.timers = {{"cron:a", 5000, "position"}, {"timer", 6000, ""}};
  transaction.kv = {{"k1", "v1"}, {"k2", "v2"}, {"k3", "v3"}};
  ASSERT_STORED(commit(*store, std::move(transaction)));
  open();
  const auto loaded = store->load("one").take();
  EXPECT_EQ(loaded.record.source, "<New/>");
  EXPECT_EQ(loaded.record.settings, "new settings");
  EXPECT_EQ(loaded.suspended, std::vector<SuspendedRun>{run});
  EXPECT_EQ(loaded.timers, (std::vector<Timer>{{"cron:a", 5000, "position"}, {"timer", 6000, ""}}));
  EXPECT_EQ(store->execution("one", "run-0").value(), execution);
  EXPECT_EQ(store->idempotency("one", "key").value(), idempotency);
  EXPECT_EQ(store->kv("one", "k2").value(), "v2");
  EXPECT_EQ(store->kv("one", "k4").value(), std::nullopt);
  EXPECT_EQ(store->kv_keys("one", "k1", 10).value(), (std::vector<std::string>{"k2", "k3"}));
  EXPECT_EQ(store->kv_keys("one", "", 1).value(), (std::vector<std::string>{"k1"}));
}

TEST_F(StoreTest, AnAnswerIsKeptUntilTheRunTakesIt) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  Transaction suspend = next_segment(panel, {});
  suspend.suspended = {make_run("run-1"), make_run("run-2")};
  ASSERT_STORED(commit(*store, std::move(suspend)));

  Transaction answer{.panel_id = "one", .epoch = "epoch"};
  answer.answers = {{"run-1", "call-1", true, "refused"}};
  ASSERT_STORED(commit(*store, std::move(answer)));
  auto runs = store->load("one").take().suspended;
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].calls[0].answer, "refused");
  EXPECT_TRUE(runs[0].calls[0].failed);
  EXPECT_EQ(runs[0].calls[1].answer, std::nullopt);
  EXPECT_EQ(runs[1].calls[0].answer, std::nullopt);

  Transaction end = next_segment(panel, {{"done", "1"}});
  end.ended_runs = {"run-1"};
  ASSERT_STORED(commit(*store, std::move(end)));
  runs = store->load("one").take().suspended;
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0], make_run("run-2"));

  Transaction late{.panel_id = "one", .epoch = "epoch"};
  late.answers = {{"run-1", "call-1", false, "too late"}};
  EXPECT_EQ(commit(*store, std::move(late)).error().code, ErrorCode::kStorageError);
}

TEST_F(StoreTest, AChangeThatDoesNotFollowTheLastOneIsRefused) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  ASSERT_STORED(commit(*store, next_segment(panel, {{"a", "1"}})));
  const PanelRecord before = panel;
  const auto refused = [&](auto change) {
    PanelRecord next = before;
    Transaction transaction = next_segment(next, {{"a", "2"}});
    change(transaction);
    return commit(*store, std::move(transaction)).error().code == ErrorCode::kStorageError;
  };
  EXPECT_TRUE(refused([](Transaction& t) { t.epoch = "other"; }));
  EXPECT_TRUE(refused([](Transaction& t) { t.segment->sequence += 1; }));
  EXPECT_TRUE(refused([](Transaction& t) { t.segment->sequence -= 1; }));
  EXPECT_TRUE(refused([](Transaction& t) { t.segment->version += 1; }));
  EXPECT_TRUE(refused([](Transaction& t) { t.segment->version -= 1; }));
  EXPECT_EQ(as_map(store->load("one").take().state), (State{{"a", "1"}}));
  ASSERT_STORED(commit(*store, next_segment(panel, {{"a", "2"}})));
}

TEST_F(StoreTest, ABadWriteFailsItselfAndWhatFollowsItInItsPanelOnly) {
  open();
  PanelRecord good = make_panel("good");
  PanelRecord bad = make_panel("bad");
  ASSERT_STORED(create(*store, good));
  ASSERT_STORED(create(*store, bad));
  std::vector<std::future<bool>> answers;
  const auto submit = [&](Transaction transaction) {
    const auto promise = std::make_shared<std::promise<bool>>();
    answers.push_back(promise->get_future());
    store->commit(std::move(transaction),
                  [promise](Result<void> r) { promise->set_value(r.ok()); });
  };
  submit(next_segment(good, {{"n", "1"}}));
  Transaction broken = next_segment(bad, {{"n", "1"}});
  broken.answers = {{"no-such-run", "call", false, ""}};  // fails after the state was written
  submit(std::move(broken));
  submit(next_segment(bad, {{"n", "2"}}));
  submit(next_segment(good, {{"n", "2"}}));
  EXPECT_TRUE(answers[0].get());
  EXPECT_FALSE(answers[1].get());
  EXPECT_FALSE(answers[2].get());
  EXPECT_TRUE(answers[3].get());
  EXPECT_EQ(as_map(store->load("good").take().state), (State{{"n", "2"}}));
  EXPECT_TRUE(store->load("bad").take().state.empty());
  EXPECT_TRUE(store->health().ok());
  const StoreStats stats = store->stats();
  EXPECT_EQ(stats.changes_stored, 4u) << "two panels made, two changed";
  EXPECT_EQ(stats.changes_failed, 2u);
  EXPECT_GE(stats.commits, 2u);
  EXPECT_GT(stats.commit_seconds, 0);
  EXPECT_EQ(stats.waiting_changes, 0u);
}

TEST_F(StoreTest, UnknownAndTakenIdsAreNamed) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  EXPECT_EQ(create(*store, panel).error().message, "panel \"one\" is stored already");
  EXPECT_EQ(create(*store, panel).error().code, ErrorCode::kPanelExists);
  EXPECT_EQ(store->load("two").error().code, ErrorCode::kPanelNotFound);
  EXPECT_EQ(store->load("two").error().message, "panel \"two\" is not stored");
  EXPECT_EQ(store->history("two", 10, 10).error().code, ErrorCode::kPanelNotFound);
  EXPECT_EQ(store->execution("one", "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->idempotency("one", "x").error().code, ErrorCode::kNotFound);
  PanelRecord two = make_panel("two");
  EXPECT_EQ(commit(*store, next_segment(two, {})).error().code, ErrorCode::kPanelNotFound);
  EXPECT_EQ(wait_for([&](Done done) { store->drop("two", std::move(done)); }).error().code,
            ErrorCode::kPanelNotFound);
}

TEST_F(StoreTest, ADroppedPanelIsGoneAndItsIdIsFree) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel, {{"a", "old"}}));
  Transaction transaction = next_segment(panel, {{"b", "old"}});
  transaction.kv = {{"k", "v"}};
  transaction.suspended = {make_run("run-1")};
  ASSERT_STORED(commit(*store, std::move(transaction)));
  ASSERT_STORED(wait_for([&](Done done) { store->drop("one", std::move(done)); }));
  EXPECT_EQ(store->load("one").error().code, ErrorCode::kPanelNotFound);
  ASSERT_STORED(create(*store, make_panel("one"), {{"c", "new"}}));
  const auto loaded = store->load("one").take();
  EXPECT_EQ(as_map(loaded.state), (State{{"c", "new"}}));
  EXPECT_TRUE(loaded.suspended.empty());
  EXPECT_EQ(store->kv("one", "k").value(), std::nullopt);
  EXPECT_TRUE(store->history("one", 100, 100).value().empty());
}

TEST_F(StoreTest, TheRowsOfADroppedPanelAreCleared) {
  open();
  PanelRecord panel = make_panel("one");
  std::vector<StateChange> state;
  for (int i = 0; i < 1500; ++i) state.push_back({"key-" + std::to_string(i), "x"});
  ASSERT_STORED(create(*store, panel, std::move(state)));
  Transaction transaction = next_segment(panel, {{"a", "1"}});
  transaction.suspended = {make_run("run-1")};
  transaction.kv = {{"k", "v"}};
  ASSERT_STORED(commit(*store, std::move(transaction)));
  ASSERT_STORED(wait_for([&](Done done) { store->drop("one", std::move(done)); }));
  const auto reader = Connection::open(database_path(path()), Connection::Mode::kRead, {}).take();
  while (reader->number("SELECT count(*) FROM dropped").value() > 0) std::this_thread::yield();
  for (const PanelTable& table : panel_tables()) {
    const std::string count = std::string("SELECT count(*) FROM ") + table.name;
    EXPECT_EQ(reader->number(count.c_str()).value(), 0) << table.name;
  }
}

TEST_F(StoreTest, HistoryIsReadFromTheNewestBackInPages) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  for (int i = 1; i <= 5; ++i)
    ASSERT_STORED(commit(*store, next_segment(panel, {{"n", std::to_string(i)}}, 2000 + i)));
  const auto page = store->history("one", 5, 2).take();
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].sequence, 4u);
  EXPECT_EQ(page[0].at_ms, 2004);
  EXPECT_EQ(page[0].actor, "alice");
  EXPECT_EQ(page[0].tool, "add");
  EXPECT_EQ(page[0].args, "args");
  EXPECT_EQ(page[0].events, "events");
  EXPECT_EQ(page[0].duration_us, 15);
  EXPECT_EQ(page[0].mutations, (std::vector<StateChange>{{"n", "4"}}));
  EXPECT_EQ(page[1].sequence, 3u);
  EXPECT_EQ(store->history("one", ~std::uint64_t{0}, 100).value().size(), 5u);
}

TEST_F(StoreTest, ARunThatFailedIsAnEntryWithItsResult) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  Transaction failed = next_segment(panel, {});
  failed.segment->execution_id = "run-1";
  failed.segment->failure = "{}";
  ASSERT_STORED(commit(*store, std::move(failed)));
  Transaction fine = next_segment(panel, {{"n", "1"}});
  fine.segment->execution_id = "run-2";
  ASSERT_STORED(commit(*store, std::move(fine)));
  const auto entries = store->history("one", 100, 100).take();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].failure, "{}");
  EXPECT_EQ(entries[1].version, 0u);
  EXPECT_EQ(entries[0].failure, "");
  EXPECT_EQ(store->failure("one", "run-1").value(), "{}");
  EXPECT_EQ(store->failure("one", "run-2").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->patches("one", 0).value().size(), 1u);
  EXPECT_TRUE(store->state_at("one", 0).value().empty());
}

TEST_F(StoreTest, PatchesAndFormerStatesAreExact) {
  open();
  PanelRecord panel = make_panel("one");
  std::map<std::uint64_t, State> states;
  State state{{"keep", "k"}, {"gone", "g"}};
  ASSERT_STORED(create(*store, panel, {{"keep", "k"}, {"gone", "g"}}));
  states[0] = state;
  const auto apply = [&](std::vector<StateChange> changes) {
    for (const StateChange& change : changes) {
      state.erase(change.key);
      if (change.value) state[change.key] = *change.value;
    }
    ASSERT_STORED(commit(*store, next_segment(panel, changes)));
    states[panel.version] = state;
  };
  apply({{"n", "1"}});
  apply({});
  apply({{"gone", std::nullopt}, {"n", "2"}});
  apply({});
  apply({{"n", std::nullopt}});
  apply({{"n", "4"}, {"gone", "back"}});
  for (const auto& [version, expected] : states)
    EXPECT_EQ(as_map(store->state_at("one", version).take()), expected) << version;
  const auto patches = store->patches("one", 2).take();
  ASSERT_EQ(patches.size(), 2u);
  EXPECT_EQ(patches[0].version, 3u);
  EXPECT_EQ(patches[0].mutations, (std::vector<StateChange>{{"n", std::nullopt}}));
  EXPECT_EQ(patches[1].version, 4u);
  EXPECT_TRUE(store->patches("one", 4).value().empty());
  EXPECT_EQ(store->patches("one", 5).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->state_at("one", 5).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, HistoryIsBoundedByCountButKeepsThePatchWindow) {
  StoreOptions options;
  options.history_entries = 0;
  options.patch_window = 3;
  open(options);
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  for (int i = 1; i <= 32; ++i)  // the bound is looked at with each 16th
    ASSERT_STORED(commit(*store, next_segment(panel, {{"n", std::to_string(i)}})));
  EXPECT_EQ(store->history("one", 100, 100).value().size(), 3u);
  EXPECT_EQ(store->patches("one", 29).value().size(), 3u);
  EXPECT_EQ(store->patches("one", 28).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(as_map(store->state_at("one", 29).take()), (State{{"n", "29"}}));
  EXPECT_EQ(store->state_at("one", 28).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, WhatHasExpiredIsNotFoundAndTheSweepClearsIt) {
  StoreOptions options;
  options.patch_window = 2;
  options.history_age = std::chrono::milliseconds(1000);
  open(options);
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  for (int i = 0; i < 1200; ++i) {
    Transaction transaction = next_segment(panel, {{"n", std::to_string(i)}}, clock.ms);
    transaction.executions = {{"run-" + std::to_string(i), "success", "{}", clock.ms + 500}};
    transaction.idempotency = {{"key-" + std::to_string(i), "", "", clock.ms + 500}};
    transaction.durability = Durability::kAsync;
    ASSERT_STORED(commit(*store, std::move(transaction)));
  }
  ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "last"}}, clock.ms)));
  EXPECT_TRUE(store->execution("one", "run-3").ok());
  clock.ms += 5000;
  EXPECT_EQ(store->execution("one", "run-3").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->idempotency("one", "key-3").error().code, ErrorCode::kNotFound);
  // Dropping a panel asks for a sweep; closing ends it where it stands, so later starts go on.
  ASSERT_STORED(create(*store, make_panel("two")));
  ASSERT_STORED(wait_for([&](Done done) { store->drop("two", std::move(done)); }));
  while (store->history("one", ~std::uint64_t{0}, 2000).value().size() > 2)
    std::this_thread::yield();
  EXPECT_EQ(store->patches("one", panel.version - 2).value().size(), 2u);
}

TEST_F(StoreTest, AWriteWaitsForOnePortionOfTheSweepAtMost) {
  StoreOptions options;
  options.patch_window = 2;
  options.history_age = std::chrono::milliseconds(1000);
  open(options);
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  constexpr std::size_t kOld = 2000;
  for (std::size_t i = 0; i < kOld; ++i) {
    Transaction transaction = next_segment(panel, {{"n", std::to_string(i)}}, clock.ms);
    transaction.durability = Durability::kAsync;
    ASSERT_STORED(commit(*store, std::move(transaction)));
  }
  ASSERT_STORED(create(*store, make_panel("two")));
  clock.ms += 5000;
  // Dropping a panel asks for a sweep, and its answer comes from the thread that is about to begin it.
  std::promise<std::size_t> left;
  store->drop("two", [&](Result<void> dropped) {
    EXPECT_TRUE(dropped.ok());
    store->commit(next_segment(panel, {{"n", "again"}}, clock.ms), [&](Result<void> stored) {
      EXPECT_TRUE(stored.ok());
      left.set_value(store->history("one", ~std::uint64_t{0}, 2 * kOld).value().size());
    });
  });
  EXPECT_GT(left.get_future().get(), kOld / 2) << "the write came when the sweep was over";
}

TEST_F(StoreTest, AsyncIsAnsweredAtOnceAndNoneIsNotStored) {
  open();
  PanelRecord async = make_panel("async", Durability::kAsync);
  PanelRecord none = make_panel("none", Durability::kNone);
  ASSERT_STORED(create(*store, async));
  ASSERT_STORED(create(*store, none));
  for (PanelRecord* panel : {&async, &none}) {
    bool answered = false;
    const auto here = std::this_thread::get_id();
    store->commit(next_segment(*panel, {{"n", "1"}}), [&](Result<void> result) {
      answered = result.ok() && std::this_thread::get_id() == here;
    });
    EXPECT_TRUE(answered) << panel->id;
  }
  open();
  EXPECT_EQ(as_map(store->load("async").take().state), (State{{"n", "1"}}));
  EXPECT_EQ(store->load("async").take().record.epoch, "epoch");  // the end was clean
  EXPECT_EQ(store->load("none").error().code, ErrorCode::kPanelNotFound);
}

TEST_F(StoreTest, ALostAsyncWriteIsReported) {
  StoreOptions options;
  std::promise<std::string> lost;
  options.on_lost = [&](const std::string& panel_id, const Error&) { lost.set_value(panel_id); };
  open(options);
  PanelRecord panel = make_panel("async", Durability::kAsync);
  ASSERT_STORED(create(*store, panel));
  panel.sequence += 1;
  ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "1"}})));
  EXPECT_EQ(lost.get_future().get(), "async");
  EXPECT_TRUE(store->load("async").take().state.empty());
}

TEST_F(StoreTest, AFullQueueFirstDelaysThenRefuses) {
  StoreOptions options;
  options.queue_bytes = 10'000;
  open(options);
  PanelRecord panel = make_panel("async", Durability::kAsync);
  ASSERT_STORED(create(*store, panel));
  const auto here = std::this_thread::get_id();
  std::promise<bool> early;
  store->commit(next_segment(panel, {{"n", std::string(20'000, 'x')}}), [&](Result<void> r) {
    early.set_value(!r.ok() || std::this_thread::get_id() == here);
  });
  EXPECT_FALSE(early.get_future().get()) << "acknowledged before it was written";
  const auto refused = commit(*store, next_segment(panel, {{"n", std::string(50'000, 'x')}}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "storage failed: changes arrive faster than the disk takes them");
}

TEST_F(StoreTest, LongValuesAreStored) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  const std::string large(20u << 20, '\x7f');
  ASSERT_STORED(commit(*store, next_segment(panel, {{"large", large}, {"small", ""}})));
  open();
  const auto state = as_map(store->load("one").take().state);
  EXPECT_EQ(state.at("large"), large);
  EXPECT_EQ(state.at("small"), "");
}

TEST_F(StoreTest, ThousandsOfPanelsComeBack) {
  constexpr int kPanels = 3000;
  open();
  std::atomic<int> failed = 0;
  for (int i = 0; i < kPanels; ++i)
    store->create(make_panel("panel-" + std::to_string(i)), {{"n", std::to_string(i)}},
                  [&](Result<void> result) { failed += result.ok() ? 0 : 1; });
  open();  // writes what is queued first
  EXPECT_EQ(failed, 0);
  const auto ids = store->panels().take();
  ASSERT_EQ(ids.size(), static_cast<std::size_t>(kPanels));
  for (int i = 0; i < kPanels; ++i) {
    ASSERT_EQ(ids[static_cast<std::size_t>(i)], "panel-" + std::to_string(i));
    ASSERT_EQ(as_map(store->load(ids[static_cast<std::size_t>(i)]).take().state),
              (State{{"n", std::to_string(i)}}));
  }
}

TEST_F(StoreTest, OneKeyOfManyCostsTheKey) {
  open();
  PanelRecord panel = make_panel("one");
  std::vector<StateChange> state;
  for (int i = 0; i < 10'000; ++i)
    state.push_back({"key-" + std::to_string(i), std::string(100, 'x')});
  ASSERT_STORED(create(*store, panel, std::move(state)));
  open();  // empties the log
  ASSERT_STORED(commit(*store, next_segment(panel, {{"key-5000", "new"}})));
  const auto logged = std::filesystem::file_size(path() + "/nexus.db-wal");
  EXPECT_LT(logged, 64u << 10);  // a few pages; the state is over a megabyte
}

TEST_F(StoreTest, WritersAndReadersOnManyThreadsSeeWholeTransactions) {
  constexpr int kThreads = 4;
  constexpr int kSegments = 50;
  open();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      PanelRecord panel = make_panel("panel-" + std::to_string(t));
      EXPECT_TRUE(create(*store, panel, {{"a", "0"}, {"b", "0"}}).ok());
      for (int i = 1; i <= kSegments; ++i) {
        const std::string n = std::to_string(i);
        EXPECT_TRUE(commit(*store, next_segment(panel, {{"a", n}, {"b", n}})).ok());
        const auto other = store->load("panel-" + std::to_string((t + 1) % kThreads));
        if (!other.ok()) continue;  // not created yet
        const auto state = as_map(other->state);
        EXPECT_EQ(state.at("a"), state.at("b"));
        EXPECT_EQ(state.at("a"), std::to_string(other->record.version));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t)
    EXPECT_EQ(store->load("panel-" + std::to_string(t)).take().record.version,
              static_cast<std::uint64_t>(kSegments));
}

}  // namespace
}  // namespace nexus::storage
