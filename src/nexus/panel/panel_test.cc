#include <algorithm>

#include "nexus/panel/workspace_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using doubles::Answer;
using doubles::failure;
using doubles::kSource;
using doubles::set_key;
using doubles::Strings;
using doubles::success;
using doubles::suspended;
using std::chrono::milliseconds;
using value::Object;
using value::Value;

using PanelTest = doubles::WorkspaceTest;

// --- Triggers

TEST_F(PanelTest, OneSegmentIsOnePatchThenEventsViewAndTheAnswer) {
  engine_.handlers["a"] = [](const auto&, const auto&) {
    auto outcome = success("ra", {set_key("n", 1), set_key("text", "x")});
    outcome.events = {{"e1", 1, 5}, {"e2", 2, 6}};
    outcome.view_commands = {{"focus", "f", Object{}}};
    return outcome;
  };
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  panel->attach(&client);
  EXPECT_EQ(client.take(), Strings{R"({"type":"CONNECTED","panelId":"p","version":0,"epoch":")" +
                                   panel->epoch() + R"(","state":{"n":0,"text":""}})"});
  const auto answer = trigger(panel, "a");
  EXPECT_EQ(answer->times, 0) << "never from inside trigger()";
  settle();
  EXPECT_EQ(
      client.take(),
      (Strings{
          R"({"type":"PATCH","version":1,"mutations":[{"operation":"set","key":"n","value":1},)"
          R"({"operation":"set","key":"text","value":"x"}],"timestamp":1700000000123})",
          R"({"type":"EVENT","version":1,"event":{"name":"e1","payload":1,"timestamp":5}})",
          R"({"type":"EVENT","version":1,"event":{"name":"e2","payload":2,"timestamp":6}})",
          R"({"type":"VIEW","version":1,"commands":[{"type":"focus","componentId":"f","args":{}}]})"}));
  EXPECT_EQ(answer->times, 1);
  EXPECT_EQ(answer->result->execution_id, "ra");
  EXPECT_EQ(panel->version(), 1u);
  panel->detach(&client);
}

TEST_F(PanelTest, AClientHearsOfWhatItSubscribedToAndNothingElse) {
  using Direction = SubscriptionChange::Direction;
  engine_.handlers["a"] = [](const auto&, const auto&) {
    auto outcome = success("ra", {set_key("n", 1), set_key("text", "x")});
    outcome.events = {{"e", 1, 5}};
    outcome.view_commands = {{"focus", "f", Object{}}};
    return outcome;
  };
  Panel* panel = open_panel();
  doubles::RecordingClient client, second, other;
  for (auto* each : {&client, &second, &other}) panel->attach(each);
  for (auto* each : {&client, &second})
    ASSERT_TRUE(panel->subscribe(each, {Direction::kSubscribe, {}, {"text"}}).ok());
  ASSERT_TRUE(panel->subscribe(&client, {Direction::kUnsubscribe, {Topic::kView, Topic::kEvents}, {}}).ok());
  ASSERT_TRUE(panel->subscribe(&other, {Direction::kUnsubscribe, {Topic::kState}, {}}).ok());
  EXPECT_FALSE(panel->subscribe(&client, {Direction::kSubscribe, {}, {"nothing"}}).ok());
  for (auto* each : {&client, &second, &other}) each->take();
  trigger(panel, "a");
  settle();
  const std::string patch =
      R"({"type":"PATCH","version":1,"mutations":[{"operation":"set","key":"text","value":"x"}],"timestamp":1700000000123})";
  EXPECT_EQ(client.take(), Strings{patch});
  EXPECT_EQ(other.take().size(), 2u) << "EVENT and VIEW";
  EXPECT_EQ(second.take().front(), patch);

  // Back to all: what was missed comes at once, and nothing that is there already.
  ASSERT_TRUE(panel->subscribe(&client, {Direction::kSubscribe, {}, {"*"}}).ok());
  EXPECT_EQ(client.take(), Strings{R"({"type":"PATCH","version":1,"mutations":[{"operation":"set","key":"n","value":1}],)"
                                   R"("timestamp":1700000000123})"});
  ASSERT_TRUE(panel->subscribe(&client, {Direction::kSubscribe, {Topic::kState}, {"n"}}).ok());
  EXPECT_TRUE(client.take().empty());
  for (auto* each : {&client, &second, &other}) panel->detach(each);
}

TEST_F(PanelTest, EqualSelectionsShareOneEncodedPatch) {
  engine_.handlers["a"] = [](const auto&, const auto&) {
    return success("ra", {set_key("n", 1), set_key("text", "x")});
  };
  Panel* panel = open_panel();
  doubles::RecordingClient all, all_too, some, some_too;
  for (auto* each : {&all, &all_too, &some, &some_too}) panel->attach(each);
  for (auto* each : {&some, &some_too})
    ASSERT_TRUE(panel->subscribe(each, {SubscriptionChange::Direction::kSubscribe, {}, {"n"}}).ok());
  EXPECT_EQ(all.last_frame, all_too.last_frame) << "CONNECTED";
  trigger(panel, "a");
  settle();
  EXPECT_EQ(all.last_frame, all_too.last_frame);
  EXPECT_EQ(some.last_frame, some_too.last_frame);
  EXPECT_NE(all.last_frame, some.last_frame);
  for (auto* each : {&all, &all_too, &some, &some_too}) panel->detach(each);
}

TEST_F(PanelTest, WhoTakesPatchesGetsWhatChangedInsideAKeyAndOthersTheWholeKey) {
  engine_.handlers["a"] = [](const auto&, const auto&) {
    engine::Mutation more{engine::Mutation::Operation::kSet, "list", {}, {}};
    more.patch = {{value::PatchOperation::Kind::kAdd, {1}, "b"}};
    return success("ra", {more, set_key("n", 1)});
  };
  std::string source = kSource;
  source.insert(source.find("</Data>"), R"(<State name="list" type="list" default='["a"]'/>)");
  Panel* panel = open_panel(source);
  doubles::RecordingClient whole;
  doubles::RecordingClient patches;
  patches.patches = true;
  panel->attach(&whole);
  panel->attach(&patches);
  whole.take();
  patches.take();
  const auto answer = trigger(panel, "a");
  settle();
  EXPECT_EQ(
      whole.take(),
      (Strings{
          R"({"type":"PATCH","version":1,"mutations":[{"operation":"set","key":"list","value":["a","b"]},)"
          R"({"operation":"set","key":"n","value":1}],"timestamp":1700000000123})"}));
  EXPECT_EQ(patches.take(),
            (Strings{R"({"type":"PATCH","version":1,"patch":[{"op":"add","path":"/list/1","value":"b"},)"
                     R"({"op":"add","path":"/n","value":1}],"timestamp":1700000000123})"}));
  std::string result;
  write_json(*answer->result, false, result);
  EXPECT_NE(result.find(R"("stateMutations":[{"operation":"set","key":"list","value":["a","b"]})"),
            std::string::npos);
  answer->result->patches = true;
  result.clear();
  write_json(*answer->result, false, result);
  EXPECT_NE(result.find(R"("statePatch":[{"op":"add","path":"/list/1","value":"b"})"),
            std::string::npos);
  panel->detach(&whole);
  panel->detach(&patches);
}

TEST_F(PanelTest, UnknownToolsAndBadArgumentsStartNoRun) {
  Panel* panel = open_panel();
  const auto unknown = trigger(panel, "nothing");
  const auto missing = trigger(panel, "takes");
  EXPECT_EQ(unknown->times, 0);
  settle();
  EXPECT_EQ(unknown->error->code, ErrorCode::kToolNotFound);
  EXPECT_NE(unknown->error->message.find("nothing"), std::string::npos);
  EXPECT_EQ(missing->error->code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(engine_.journal.empty());
  const auto good = trigger(panel, "takes", 4);
  settle();
  EXPECT_EQ(value::to_json(good->result->outcome.return_value), R"({"x":4})");
}

TEST_F(PanelTest, RunsOfOnePanelGoOneAfterTheOther) {
  Panel* panel = open_panel();
  trigger(panel, "b");
  trigger(panel, "a");
  EXPECT_EQ(pool_.waiting(), 1u);
  pool_.run_one();
  EXPECT_EQ(pool_.waiting(), 0u) << "the second waits until the first is committed";
  settle();
  EXPECT_EQ(engine_.journal, (Strings{"execute b", "execute a"}));
  EXPECT_EQ(panel->version(), 2u);
}

TEST_F(PanelTest, PanelsDoNotWaitForEachOther) {
  Panel* first = open_panel(kSource, "p");
  Panel* second = open_panel(kSource, "q");
  trigger(first, "a");
  trigger(second, "a");
  EXPECT_EQ(pool_.waiting(), 2u);
  settle();
}

TEST_F(PanelTest, TheQueueIsBounded) {
  Panel* panel = open_panel();
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(trigger(panel, "a"));
  settle();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(answers[i]->code(), "success") << i;
  EXPECT_EQ(answers[4]->code(), "RESOURCE_LIMIT");
  EXPECT_EQ(answers[4]->error->message,
            "panel \"p\" has 3 requests waiting, limit 3; try again later");
  EXPECT_EQ(trigger(panel, "a")->times, 0);
  settle();
}

TEST_F(PanelTest, AFullExecutorDelaysAndLosesNothing) {
  Panel* panel = open_panel();
  pool_.full = true;
  const auto answer = trigger(panel, "a");
  settle();
  EXPECT_EQ(answer->times, 0);
  pool_.full = false;
  loop_.advance(milliseconds{5});
  settle();
  EXPECT_EQ(answer->code(), "success");
}

TEST_F(PanelTest, AFailedSegmentChangesNothing) {
  engine_.handlers["a"] = [](const auto&, const auto&) {
    return failure("ra", ErrorCode::kExecutionError, "boom");
  };
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  panel->attach(&client);
  client.take();
  const auto answer = trigger(panel, "a");
  settle();
  EXPECT_EQ(answer->code(), "EXECUTION_ERROR");
  EXPECT_TRUE(client.take().empty());
  EXPECT_EQ(panel->version(), 0u);
  panel->detach(&client);
}

TEST_F(PanelTest, ASegmentTheStateRefusesIsAnError) {
  engine_.handlers["slow"] = [](const auto&, const auto&) {
    return suspended("rs", {"s1"}, {set_key("n", 1), set_key("unknown", 1)});
  };
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  EXPECT_EQ(answer->code(), "STATE_ERROR");
  EXPECT_TRUE(answer->result->outcome.mutations.empty());
  EXPECT_EQ(panel->state_json(), R"({"n":0,"text":""})");
  EXPECT_EQ(engine_.journal.back(), "cancel rs");
  EXPECT_TRUE(fake_->open.empty()) << "its calls were never started";
}

TEST_F(PanelTest, TheHandlerSeesTheStateAndItsLimits) {
  Panel* panel = open_panel();
  engine_.handlers["a"] = [](const engine::RunRequest& request, const engine::StateView& state) {
    EXPECT_EQ(request.panel_id, "p");
    EXPECT_EQ(*state.get("n"), Value(0));
    EXPECT_EQ(request.extensions->at("fake").scope, "fake");
    EXPECT_TRUE(request.capabilities.allows(capability::Kind::kStateWrite, "n"));
    EXPECT_FALSE(request.capabilities.allows(capability::Kind::kStateWrite, "text"));
    Value text("not a number");
    EXPECT_FALSE(state.check_write("n", &text).ok());
    return success("ra");
  };
  const auto answer = trigger(panel, "a");
  settle();
  EXPECT_EQ(answer->times, 1);
}

// --- Suspension

TEST_F(PanelTest, ASuspendedRunFlushesReportsAndLetsOthersIn) {
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  client.on_send = [&] { events_.push_back("frame"); };
  panel->attach(&client);
  events_.clear();
  const auto slow = trigger(panel, "slow");
  settle();
  EXPECT_EQ(events_, (Strings{"frame", "progress rs 1"}))
      << "the patch goes out before the I/O is reported";
  EXPECT_EQ(fake_->open.count("s1"), 1u);
  EXPECT_EQ(panel->state_json(), R"({"n":3,"text":""})");
  EXPECT_NE(panel->info_json().find(R"("status":"suspended")"), std::string::npos);

  const auto other = trigger(panel, "a");
  settle();
  EXPECT_EQ(other->code(), "success");
  EXPECT_EQ(slow->times, 0);

  fake_->answer("s1", Value(1));
  settle();
  EXPECT_EQ(slow->code(), "success");
  ASSERT_EQ(slow->result->outcome.mutations.size(), 2u) << "effects of all segments, in order";
  EXPECT_EQ(slow->result->outcome.mutations[0].key, "n");
  EXPECT_EQ(slow->result->outcome.mutations[1].key, "text");
  EXPECT_EQ(panel->version(), 3u);
  EXPECT_NE(panel->info_json().find(R"("status":"running")"), std::string::npos);
  EXPECT_TRUE(fake_->open.empty());
  EXPECT_EQ(loop_.armed(), 0u) << "no deadline is left behind";
  panel->detach(&client);
}

TEST_F(PanelTest, ACallReportsHowFarItIs) {
  Panel* panel = open_panel();
  const auto slow = trigger(panel, "slow");
  settle();
  events_.clear();
  const extension::Reports reports = fake_->open.at("s1");
  reports.progress(value::Object{{"received", 10}});
  reports.progress(value::Object{{"received", 20}});
  EXPECT_EQ(events_, (Strings{R"(progress rs 1 s1{"received":10})", R"(progress rs 1 s1{"received":20})"}));
  reports.done(Value(1));
  settle();
  EXPECT_EQ(slow->code(), "success");
  reports.progress(value::Object{{"received", 30}});
  EXPECT_EQ(events_.size(), 2u) << "what comes after the answer is nobody's";
}

TEST_F(PanelTest, ProgressOfOneCallIsKeptWhenAnotherIsAnswered) {
  engine_.handlers["slow"] = [](const auto&, const auto&) { return suspended("rs", {"s1", "s2"}); };
  engine_.resumes["s2"] = [](const auto&, const auto&) {
    auto outcome = suspended("rs", {"s1"});
    outcome.new_suspensions.clear();
    return outcome;
  };
  Panel* panel = open_panel();
  trigger(panel, "slow");
  settle();
  fake_->open.at("s1").progress(value::Object{{"part", 1}});
  fake_->answer("s2", Value(2));
  settle();
  EXPECT_EQ(events_.back(), R"(progress rs 1 s1{"part":1})");
}

TEST_F(PanelTest, ACallTellsEveryClientWhatConcernsThem) {
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  panel->attach(&client);
  trigger(panel, "slow");
  settle();
  client.take();
  fake_->open.at("s1").announce("system:approval", value::Object{{"id", "a"}});
  ASSERT_EQ(client.frames.size(), 1u);
  EXPECT_NE(client.frames[0].find(R"("event":{"name":"system:approval","payload":{"id":"a"})"), std::string::npos)
      << client.frames[0];
  panel->detach(&client);
}

TEST_F(PanelTest, ACallKnowsWhoAsksAndUnderWhichSettings) {
  open_workspace();
  CreateRequest request{kSource, "p", {}};
  request.owner = "acme";
  request.extensions = value::Object{{"fake", value::Object{{"baseURL", "http://a.test"}}}};
  auto created = create(std::move(request));
  ASSERT_TRUE(created && created->index() == 0);
  trigger(std::get<Panel*>(*created), "slow");
  settle();
  EXPECT_EQ(fake_->contexts.back().panel_id, "p");
  EXPECT_EQ(fake_->contexts.back().workspace, "acme");
  EXPECT_EQ(fake_->contexts.back().run_id, "rs");
  EXPECT_EQ(fake_->contexts.back().call_id, "s1");
  EXPECT_EQ(fake_->contexts.back().asked_at, clock_.wall());
  EXPECT_EQ(*fake_->contexts.back().settings, (value::Object{{"baseURL", "http://a.test"}}));
}

TEST_F(PanelTest, AnswersReachTheHandlerAsTheyAre) {
  Panel* panel = open_panel();
  engine_.resumes["s1"] = [](const engine::AsyncResult& result, const engine::StateView&) {
    EXPECT_FALSE(result.success);
    EXPECT_EQ(result.error, "host \"x\" is down");
    EXPECT_EQ(result.code, "EXTENSION_ERROR");
    return success("rs");
  };
  const auto answer = trigger(panel, "slow");
  settle();
  fake_->answer("s1", Error{ErrorCode::kExtensionError, "host \"x\" is down"});
  settle();
  EXPECT_EQ(answer->times, 1);
}

TEST_F(PanelTest, TwoCallsAreInFlightAtOnce) {
  engine_.handlers["slow"] = [](const auto&, const auto&) { return suspended("rs", {"s1", "s2"}); };
  engine_.resumes["s2"] = [](const auto&, const auto&) {
    auto outcome = suspended("rs", {"s1"});
    outcome.new_suspensions.clear();
    return outcome;
  };
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  EXPECT_EQ(fake_->open.size(), 2u);
  fake_->answer("s2", Value(2));
  settle();
  EXPECT_EQ(events_, (Strings{"progress rs 2", "progress rs 1"}));
  EXPECT_EQ(answer->times, 0);
  fake_->answer("s1", Value(1));
  settle();
  EXPECT_EQ(answer->times, 1);
}

TEST_F(PanelTest, CallsThatNobodyAwaitsEndWithTheRun) {
  engine_.handlers["slow"] = [](const auto&, const auto&) { return suspended("rs", {"s1", "s2"}); };
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  fake_->answer("s1", Value(1));
  settle();
  EXPECT_EQ(answer->code(), "success");
  EXPECT_TRUE(fake_->open.empty()) << "s2 was cancelled";
}

TEST_F(PanelTest, AnAnswerPastTheDeadlineComesTooLate) {
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  loop_.advance(settings_.suspension_timeout - milliseconds{1});
  EXPECT_EQ(answer->times, 0);
  loop_.advance(milliseconds{1});
  EXPECT_EQ(answer->code(), "TIMEOUT");
  EXPECT_TRUE(answer->result->missed_deadline);
  EXPECT_EQ(answer->result->outcome.error->message, "fake.ask did not answer within 60000 ms");
  EXPECT_EQ(answer->result->outcome.mutations.size(), 1u) << "flushed segments stay";
  EXPECT_EQ(engine_.journal.back(), "cancel rs");
  EXPECT_TRUE(fake_->open.empty());
  EXPECT_NE(panel->info_json().find(R"("status":"running")"), std::string::npos);
  const auto next = trigger(panel, "a");
  settle();
  EXPECT_EQ(next->code(), "success");
}

TEST_F(PanelTest, ASleepHasItsOwnTimeBeforeTheDeadlineCounts) {
  fake_->next_plan.allowance = std::chrono::hours{1};
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  loop_.advance(std::chrono::hours{1});
  EXPECT_EQ(answer->times, 0);
  loop_.advance(settings_.suspension_timeout);
  EXPECT_EQ(answer->code(), "TIMEOUT");
}

TEST_F(PanelTest, ADeadlineDuringAnotherCallsSegmentWaitsForItsEnd) {
  engine_.handlers["slow"] = [](const auto&, const auto&) { return suspended("rs", {"s1", "s2"}); };
  engine_.resumes["s2"] = [](const auto&, const auto&) {
    auto outcome = suspended("rs", {"s1"}, {set_key("n", 7)});
    outcome.new_suspensions.clear();
    return outcome;
  };
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  fake_->answer("s2", Value(2));
  loop_.drain();  // the segment is now waiting in the pool
  loop_.advance(settings_.suspension_timeout);
  EXPECT_EQ(answer->times, 0);
  settle();
  EXPECT_EQ(answer->code(), "TIMEOUT");
  EXPECT_EQ(panel->state_json(), R"({"n":7,"text":""})") << "the segment itself was in time";
  EXPECT_EQ(engine_.journal.back(), "cancel rs");
}

TEST_F(PanelTest, AnErrorAfterASuspensionKeepsWhatWasFlushed) {
  engine_.resumes["s1"] = [](const auto&, const auto&) {
    return failure("rs", ErrorCode::kExecutionError, "later");
  };
  Panel* panel = open_panel();
  const auto answer = trigger(panel, "slow");
  settle();
  fake_->answer("s1", Value(1));
  settle();
  EXPECT_EQ(answer->code(), "EXECUTION_ERROR");
  EXPECT_EQ(panel->state_json(), R"({"n":3,"text":""})");
  EXPECT_EQ(panel->version(), 1u);
}

// --- Writes

TEST_F(PanelTest, AWriteIsASegmentOfItsOwn) {
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  panel->attach(&client);
  client.take();
  const auto answer = set(panel, {{"text", {}}}, "typed");
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_EQ(client.take(),
            Strings{R"({"type":"PATCH","version":1,"mutations":[{"operation":"set","key":"text",)"
                    R"("value":"typed"}],"timestamp":1700000000123})"});
  panel->detach(&client);
}

TEST_F(PanelTest, AWriteOfTheSameValueIsConfirmedWithoutANewVersion) {
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  panel->attach(&client);
  client.take();
  ASSERT_TRUE(set(panel, {{"n", {}}}, 0)->ok());
  EXPECT_EQ(client.take(),
            Strings{R"({"type":"PATCH","version":0,"mutations":[{"operation":"set","key":"n",)"
                    R"("value":0}],"timestamp":1700000000123})"});
  panel->detach(&client);
}

TEST_F(PanelTest, ARefusedWriteChangesNothing) {
  Panel* panel = open_panel();
  const auto answer = set(panel, {{"n", {}}}, value::List{});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(panel->version(), 0u);
}

TEST_F(PanelTest, WritesAndTriggersKeepTheirOrder) {
  Panel* panel = open_panel();
  engine_.handlers["b"] = [](const auto&, const engine::StateView& state) {
    EXPECT_EQ(*state.get("text"), Value("first"));
    return success("rb", {set_key("text", "second")});
  };
  Strings order;
  trigger(panel, "a");
  panel->set({{{"text", {}}}, "first", [&](Result<void>) { order.push_back("write"); }});
  trigger(panel, "b");
  EXPECT_TRUE(order.empty()) << "a's segment is under way";
  settle();
  EXPECT_EQ(panel->state_json(), R"({"n":1,"text":"second"})");
}

}  // namespace
}  // namespace nexus::panel
