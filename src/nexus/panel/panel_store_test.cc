#include <gmock/gmock.h>

#include "nexus/panel/faults.h"
#include "nexus/panel/workspace_fixture_internal.h"
#include "nexus/value/msgpack.h"

namespace nexus::panel {
namespace {

using doubles::RecordingClient;
using doubles::set_key;
using doubles::success;
using doubles::suspended;
using doubles::Value;
using storage::Done;
using testing::ElementsAre;
using testing::HasSubstr;

const Error kDiskFull{ErrorCode::kStorageError, "storage failed: no space left on the disk"};

// A store that answers when the test says so, and keeps what it was given.
class HeldStore : public storage::Store {
 public:
  void create(storage::PanelRecord panel, std::vector<storage::StateChange> state,
              Done done) override {
    stored.record = std::move(panel);
    stored.state = std::move(state);
    writes.push_back({{}, std::move(done)});
  }
  void commit(storage::Transaction transaction, Done done) override {
    writes.push_back({std::move(transaction), std::move(done)});
  }
  void drop(std::string, Done done) override { writes.push_back({{}, std::move(done)}); }
  void import_panel(std::string, std::string, Done) override { std::abort(); }
  Result<std::vector<std::string>> panels() override {
    return std::vector<std::string>{stored.record.id};
  }
  Result<storage::StoredPanel> load(std::string_view) override {
    ++loads;
    if (load_error) return *load_error;
    return storage::StoredPanel(stored);
  }
  Result<std::vector<storage::Segment>> history(std::string_view, std::uint64_t,
                                                std::size_t) override {
    return segments;
  }
  Result<std::vector<storage::Segment>> patches(std::string_view, std::uint64_t since) override {
    std::vector<storage::Segment> later;
    for (const auto& segment : segments)
      if (segment.version > since) later.push_back(segment);
    return later;
  }
  Result<std::vector<storage::StateChange>> state_at(std::string_view, std::uint64_t) override {
    return stored.state;
  }
  Result<storage::ExecutionRecord> execution(std::string_view, std::string_view id) override {
    for (const auto& record : executions)
      if (record.execution_id == id) return storage::ExecutionRecord(record);
    return Error{ErrorCode::kNotFound, "none"};
  }
  Result<std::string> failure(std::string_view, std::string_view) override {
    return Error{ErrorCode::kNotFound, "none"};
  }
  Result<storage::IdempotencyRecord> idempotency(std::string_view, std::string_view key) override {
    for (const auto& record : keys)
      if (record.key == key) return storage::IdempotencyRecord(record);
    return Error{ErrorCode::kNotFound, "none"};
  }
  Result<std::optional<std::string>> kv(std::string_view, std::string_view) override {
    return std::optional<std::string>();
  }
  Result<std::vector<std::string>> kv_keys(std::string_view, std::string_view,
                                           std::size_t) override {
    return std::vector<std::string>();
  }
  Result<std::string> export_panel(std::string_view) override { return std::string(); }
  Result<void> health() const override { return {}; }
  storage::StoreStats stats() const override { return {}; }

  // Answers the oldest write, and takes it in when it succeeds.
  void answer(std::optional<Error> error = {}) {
    auto [transaction, done] = std::move(writes.front());
    writes.pop_front();
    if (!error) apply(transaction);
    done(error ? Result<void>(*error) : Result<void>());
  }
  void apply(const storage::Transaction& transaction) {
    for (const auto& record : transaction.executions) executions.push_back(record);
    for (const auto& record : transaction.idempotency) keys.push_back(record);
    for (const auto& id : transaction.ended_runs)
      std::erase_if(stored.suspended, [&](const auto& run) { return run.execution_id == id; });
    for (const auto& run : transaction.suspended) {
      std::erase_if(stored.suspended,
                    [&](const auto& old) { return old.execution_id == run.execution_id; });
      stored.suspended.push_back(run);
    }
    if (!transaction.segment) return;
    segments.push_back(*transaction.segment);
    stored.record.version = transaction.segment->version;
    stored.record.sequence = transaction.segment->sequence;
    for (const auto& change : transaction.segment->mutations) {
      std::erase_if(stored.state, [&](const auto& old) { return old.key == change.key; });
      if (change.value) stored.state.push_back(change);
    }
  }

  storage::StoredPanel stored;
  std::vector<storage::Segment> segments;
  std::vector<storage::ExecutionRecord> executions;
  std::vector<storage::IdempotencyRecord> keys;
  std::deque<std::pair<storage::Transaction, Done>> writes;
  std::optional<Error> load_error;
  int loads = 0;
};

class PanelStoreTest : public doubles::WorkspaceTest {
 protected:
  void open() {
    workspace_ = create_workspace(loop_, {pool_, pool_}, engine_, extensions_, clock_, settings_,
                                  &store_);
  }
  Panel* make(std::string source = doubles::kSource) {
    open();
    std::optional<std::variant<Panel*, CreateError>> created;
    CreateRequest request;
    request.source = std::move(source);
    request.panel_id = "p";
    workspace_->create(std::move(request), [&](auto result) { created = std::move(result); });
    settle();
    EXPECT_FALSE(created.has_value()) << "not before it is stored";
    answer_all();
    EXPECT_TRUE(created && created->index() == 0);
    return created ? std::get<Panel*>(*created) : nullptr;
  }
  void answer(std::optional<Error> error = {}) {
    store_.answer(std::move(error));
    settle();
  }
  void answer_all() {
    while (!store_.writes.empty()) answer();
  }
  Panel* restart() {
    workspace_.reset();
    store_.writes.clear();
    engine_.journal.clear();
    open();
    std::optional<Workspace::Recovered> recovered;
    workspace_->recover([&](Result<Workspace::Recovered> result) { recovered = *result; });
    settle();
    EXPECT_TRUE(recovered && recovered->panels == 1);
    return workspace_->find("p");
  }

  HeldStore store_;
};

TEST_F(PanelStoreTest, AStoredPanelThatCannotBeLoadedIsAFault) {
  FaultList faults;
  settings_.faults = &faults;
  make();
  workspace_.reset();
  store_.stored.record.source = "<NexusPanel><View><Text content=\"{$state.gone}\"/></View></NexusPanel>";
  open();
  std::optional<Workspace::Recovered> recovered;
  workspace_->recover([&](Result<Workspace::Recovered> result) { recovered = *result; });
  settle();
  EXPECT_TRUE(recovered && recovered->failed == 1);
  int found = 0;
  faults.each([&](const Fault& fault) {
    ++found;
    EXPECT_EQ(fault.panel_id, "p");
    EXPECT_EQ(fault.owner, kDefaultOwner);
    EXPECT_EQ(fault.source, store_.stored.record.source);
    ASSERT_FALSE(fault.diagnostics.empty());
    EXPECT_EQ(fault.diagnostics[0].code, "UNDEFINED_STATE_REFERENCE");
  });
  EXPECT_EQ(found, 1);
}

TEST_F(PanelStoreTest, PatchAndAnswerLeaveWhenTheSegmentIsStored) {
  Panel* panel = make();
  RecordingClient client;
  panel->attach(&client);
  client.take();
  const auto answered = trigger(panel, "a");
  settle();
  EXPECT_EQ(answered->times, 0);
  EXPECT_TRUE(client.frames.empty());
  EXPECT_EQ(panel->version(), 0u) << "what clients may know";
  ASSERT_EQ(store_.writes.size(), 1u);
  const auto& segment = *store_.writes[0].first.segment;
  EXPECT_EQ(segment.sequence, 1u);
  EXPECT_EQ(segment.version, 1u);
  EXPECT_EQ(segment.tool, "a");
  EXPECT_EQ(segment.mutations,
            (std::vector<storage::StateChange>{{"n", value::to_msgpack(Value(1))}}));
  answer();
  EXPECT_EQ(answered->code(), "success");
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("type":"PATCH","version":1)")));
  EXPECT_EQ(panel->version(), 1u);
}

TEST_F(PanelStoreTest, TheNextSegmentDoesNotWaitForTheDisk) {
  Panel* panel = make();
  const auto first = trigger(panel, "a");
  const auto second = trigger(panel, "b");
  settle();
  EXPECT_EQ(engine_.journal, (doubles::Strings{"execute a", "execute b"}));
  ASSERT_EQ(store_.writes.size(), 2u);
  EXPECT_EQ(store_.writes[1].first.segment->version, 2u);
  answer();
  EXPECT_EQ(first->times, 1);
  EXPECT_EQ(second->times, 0);
  answer();
  EXPECT_EQ(second->times, 1);
}

TEST_F(PanelStoreTest, AfterAFailureEveryWaiterHearsAndTheStoreDecides) {
  Panel* panel = make();
  trigger(panel, "a");
  settle();
  answer();
  const auto second = trigger(panel, "b");
  const auto written = std::make_shared<std::optional<Error>>();
  panel->set({{{"text", {}}}, Value("x"), [written](Result<void> result) {
                if (!result.ok()) *written = result.error();
              }});
  settle();
  ASSERT_EQ(store_.writes.size(), 2u);
  answer(kDiskFull);
  EXPECT_EQ(second->code(), "STORAGE_ERROR");
  answer(kDiskFull);
  ASSERT_TRUE(written->has_value());
  EXPECT_EQ((*written)->code, ErrorCode::kStorageError);
  EXPECT_EQ(store_.loads, 1);
  EXPECT_EQ(panel->state_json(), R"({"n":1,"text":""})");
  EXPECT_EQ(panel->version(), 1u);
  const auto again = trigger(panel, "b");
  settle();
  answer_all();
  EXPECT_EQ(again->code(), "success");
  EXPECT_EQ(panel->version(), 2u);
}

TEST_F(PanelStoreTest, APanelThatCannotBeReadAgainRefusesUntilItCan) {
  Panel* panel = make();
  store_.load_error = kDiskFull;
  const auto lost = trigger(panel, "a");
  settle();
  answer(kDiskFull);
  EXPECT_EQ(lost->code(), "STORAGE_ERROR");
  const auto refused = trigger(panel, "a");
  settle();
  EXPECT_EQ(refused->code(), "STORAGE_ERROR");
  store_.load_error.reset();
  loop_.advance(std::chrono::seconds{1});
  settle();
  const auto good = trigger(panel, "a");
  settle();
  answer_all();
  EXPECT_EQ(good->code(), "success");
}

TEST_F(PanelStoreTest, CallsBeginWhenTheSegmentThatAskedForThemIsStored) {
  Panel* panel = make();
  const auto waiting = trigger(panel, "slow");
  settle();
  EXPECT_TRUE(fake_->open.empty());
  ASSERT_EQ(store_.writes.size(), 1u);
  answer();
  EXPECT_TRUE(fake_->open.contains("s1"));
  EXPECT_EQ(events_, doubles::Strings{"progress rs 1"});
  fake_->answer("s1", Value(1));
  settle();
  answer_all();
  EXPECT_EQ(waiting->code(), "success");
  ASSERT_EQ(store_.executions.size(), 1u) << "whoever was told of the run may ask for its result";
  EXPECT_EQ(store_.executions[0].execution_id, "rs");
  EXPECT_TRUE(store_.stored.suspended.empty());
}

TEST_F(PanelStoreTest, ARunOfAnotherGuestBuildEndsWithItsErrorAndThePanelGoesOn) {
  engine_.handlers["slow"] = [](const auto&, const auto&) {
    auto outcome = doubles::suspended("rs", {"s1"});
    outcome.saved = engine::SavedRun{"old guest", "image", "memory", "host of rs"};
    return outcome;
  };
  engine_.restores.emplace("host of rs",
                           Error{ErrorCode::kInvalidSuspension, "another build of the guest"});
  Panel* panel = make();
  trigger(panel, "slow");
  settle();
  answer_all();
  ASSERT_EQ(store_.stored.suspended.size(), 1u);
  EXPECT_EQ(store_.stored.suspended[0].guest_hash, "old guest");
  panel = restart();
  answer_all();
  EXPECT_TRUE(store_.stored.suspended.empty());
  ASSERT_EQ(store_.executions.size(), 1u);
  EXPECT_EQ(store_.executions[0].execution_id, "rs");
  EXPECT_THAT(store_.executions[0].result, HasSubstr("another build of the guest"));
  const auto next = trigger(panel, "a");
  settle();
  answer_all();
  EXPECT_EQ(next->code(), "success");
}

TEST_F(PanelStoreTest, ARunWhoseSuspensionIsNotStoredIsOver) {
  Panel* panel = make();
  const auto lost = trigger(panel, "slow");
  settle();
  answer(kDiskFull);
  EXPECT_EQ(lost->code(), "STORAGE_ERROR");
  EXPECT_EQ(engine_.journal.back(), "cancel rs");
  EXPECT_TRUE(fake_->open.empty());
  EXPECT_THAT(panel->info_json(), HasSubstr(R"("status":"running")"));
}

TEST_F(PanelStoreTest, ANewClientSeesNothingThatACrashCouldTakeBack) {
  Panel* panel = make();
  trigger(panel, "a");
  settle();
  RecordingClient client;
  panel->attach(&client);
  EXPECT_TRUE(client.frames.empty());
  trigger(panel, "b");
  settle();
  answer();
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("version":1,)")));
  answer();
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("type":"PATCH","version":2)")));
}

TEST_F(PanelStoreTest, WhoComesBackGetsExactlyWhatIsMissing) {
  Panel* panel = make();
  for (const char* tool : {"a", "b", "a"}) {
    trigger(panel, tool);
    settle();
    answer_all();
  }
  const SeenUpTo seen{panel->epoch(), 1};
  RecordingClient client;
  panel->attach(&client, seen);
  settle();
  EXPECT_THAT(client.take(),
              ElementsAre(HasSubstr(R"("resumed":true)"), HasSubstr(R"("PATCH","version":2)"),
                          HasSubstr(R"("PATCH","version":3)")));
  RecordingClient up_to_date;
  panel->attach(&up_to_date, SeenUpTo{panel->epoch(), 3});
  settle();
  EXPECT_THAT(up_to_date.take(), ElementsAre(HasSubstr(R"("version":3)")));
  RecordingClient ahead;
  panel->attach(&ahead, SeenUpTo{panel->epoch(), 4});
  RecordingClient other_life;
  panel->attach(&other_life, SeenUpTo{"other", 1});
  settle();
  EXPECT_THAT(ahead.take(), ElementsAre(HasSubstr(R"("state":{)")));
  EXPECT_THAT(other_life.take(), ElementsAre(HasSubstr(R"("state":{)")));

  Panel* again = restart();
  RecordingClient after_restart;
  again->attach(&after_restart, seen);
  settle();
  EXPECT_THAT(after_restart.take(),
              ElementsAre(HasSubstr(R"("resumed":true)"), HasSubstr(R"("PATCH","version":2)"),
                          HasSubstr(R"("PATCH","version":3)")))
      << "from the store";
}

TEST_F(PanelStoreTest, ACreationWithAKeyIsDoneAndAnsweredOnce) {
  open();
  const auto create = [&](std::string hash) {
    auto outcome = std::make_shared<std::optional<std::variant<Panel*, CreateError>>>();
    CreateRequest request;
    request.source = doubles::kSource;
    request.panel_id = "p";
    request.grants = capability::GrantSet::everything();
    request.key = RequestKey{"k", std::move(hash)};
    workspace_->create(std::move(request), [outcome](auto made) { *outcome = std::move(made); });
    return outcome;
  };
  const auto ask = [&](Panel* panel, std::string with) {
    auto answer = std::make_shared<std::string>();
    panel->creation_answer([with](const StateAnswer& state) { return with + state.json; },
                           [answer](Result<std::string> json) { *answer = std::move(json).take(); });
    return answer;
  };
  const auto first = create("h"), beside = create("h"), other = create("h2");
  settle();
  EXPECT_FALSE(first->has_value() || beside->has_value());
  ASSERT_TRUE(other->has_value());
  EXPECT_EQ(std::get<CreateError>(**other).error.code, ErrorCode::kInvalidArgument);
  answer_all();
  Panel* const panel = std::get<Panel*>(**first);
  EXPECT_EQ(std::get<Panel*>(**beside), panel);
  const auto answer = ask(panel, "1"), meanwhile = ask(panel, "2");
  settle();
  EXPECT_TRUE(answer->empty()) << "not before it is stored";
  answer_all();
  EXPECT_EQ(*answer, R"(1{"n":0,"text":""})");
  EXPECT_EQ(*meanwhile, *answer);
  trigger(panel, "a");
  settle();
  answer_all();

  Panel* const again = restart();
  ASSERT_NE(again, nullptr);
  const auto repeated = create("h");
  settle();
  EXPECT_EQ(std::get<Panel*>(**repeated), again);
  const auto kept = ask(again, "3");
  settle();
  EXPECT_EQ(*kept, *answer);
  workspace_->destroy(again->id(), [](const Result<void>&) {});
  settle();
  answer_all();
  create("h");
  settle();
  EXPECT_EQ(store_.writes.size(), 1u) << "what is gone is made anew";
}

SubscriptionChange keys(SubscriptionChange::Direction direction, std::vector<std::string> names) {
  return {direction, {}, std::move(names)};
}
constexpr auto kMore = SubscriptionChange::Direction::kSubscribe;
constexpr auto kLess = SubscriptionChange::Direction::kUnsubscribe;

TEST_F(PanelStoreTest, WhatIsSubscribedToComesBehindWhatIsUnderWay) {
  Panel* panel = make();
  RecordingClient client;
  panel->attach(&client);
  ASSERT_TRUE(panel->subscribe(&client, keys(kLess, {"n"})).ok());
  client.take();
  trigger(panel, "a");
  settle();
  ASSERT_TRUE(panel->subscribe(&client, keys(kMore, {"n"})).ok());
  trigger(panel, "b");
  settle();
  EXPECT_TRUE(client.frames.empty()) << "n is 1 on no disk yet";
  answer();
  EXPECT_THAT(client.take(),
              ElementsAre(HasSubstr(R"("version":1,"mutations":[{"operation":"set","key":"n","value":1}])")))
      << "once, as the value, not as the change of what it had given up";
  ASSERT_TRUE(panel->subscribe(&client, keys(kLess, {"n"})).ok());
  answer();
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("PATCH","version":2)"))) << "asked for by then";
  trigger(panel, "a");
  settle();
  answer();
  EXPECT_TRUE(client.take().empty());
}

TEST_F(PanelStoreTest, ASubscriptionToWhatIsLostIsAnsweredWithWhatIsThere) {
  Panel* panel = make();
  RecordingClient client;
  panel->attach(&client);
  ASSERT_TRUE(panel->subscribe(&client, keys(kLess, {"n"})).ok());
  client.take();
  trigger(panel, "a");
  settle();
  ASSERT_TRUE(panel->subscribe(&client, keys(kMore, {"n"})).ok());
  answer(kDiskFull);
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("CONNECTED","panelId":"p","version":0,)")));
  trigger(panel, "b");
  settle();
  answer_all();
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("PATCH","version":1)")));
}

TEST_F(PanelStoreTest, WhoSubscribesBeforeItIsConnectedIsSentThatFromTheStart) {
  Panel* panel = make();
  trigger(panel, "a");
  settle();
  RecordingClient client;
  panel->attach(&client);
  ASSERT_TRUE(panel->subscribe(&client, keys(kMore, {"text"})).ok());
  trigger(panel, "b");
  settle();
  answer_all();
  EXPECT_THAT(client.take(), ElementsAre(HasSubstr(R"("CONNECTED")")));
  RecordingClient back;
  panel->attach(&back, SeenUpTo{panel->epoch(), 1});
  settle();
  EXPECT_EQ(back.take().size(), 2u);
}

TEST_F(PanelStoreTest, ComesBackAsItWas) {
  Panel* panel = make();
  trigger(panel, "a");
  settle();
  answer_all();
  const std::string epoch = panel->epoch();
  Panel* again = restart();
  EXPECT_EQ(again->epoch(), epoch);
  EXPECT_EQ(again->version(), 1u);
  EXPECT_EQ(again->state_json(), R"({"n":1,"text":""})");
  const auto next = trigger(again, "b");
  settle();
  ASSERT_EQ(store_.writes.size(), 1u);
  EXPECT_EQ(store_.writes[0].first.segment->sequence, 2u);
}

TEST_F(PanelStoreTest, AKeyIsAnsweredOnce) {
  Panel* panel = make();
  const auto keyed = [&](std::string hash) {
    auto answer = std::make_shared<doubles::Answer>();
    TriggerRequest request;
    request.tool = "a";
    request.key = RequestKey{"k", std::move(hash)};
    request.on_done = [answer](Result<ExecutionResult> result) {
      ++answer->times;
      if (result.ok())
        answer->result = std::move(result).take();
      else
        answer->error = std::move(result).take_error();
    };
    panel->trigger(std::move(request));
    return answer;
  };
  const auto first = keyed("h");
  const auto beside = keyed("h");
  const auto other = keyed("h2");
  settle();
  EXPECT_EQ(other->code(), "INVALID_ARGUMENT");
  answer_all();
  EXPECT_EQ(first->code(), "success");
  EXPECT_EQ(beside->code(), "success");
  const auto later = keyed("h");
  const auto other_later = keyed("h2");
  settle();
  ASSERT_TRUE(later->result.has_value());
  std::string one, two;
  write_json(*first->result, false, one);
  write_json(*later->result, false, two);
  EXPECT_EQ(one, two);
  EXPECT_EQ(other_later->code(), "INVALID_ARGUMENT");
  EXPECT_EQ(engine_.journal, doubles::Strings{"execute a"});
}

}  // namespace
}  // namespace nexus::panel
