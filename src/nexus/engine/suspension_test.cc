#include <set>

#include "nexus/engine/engine_fixture_internal.h"
#include "nexus/value/msgpack.h"

namespace nexus::engine {
namespace {

TEST_F(EngineTest, SuspendsAtACallAndGoesOnWithItsAnswer) {
  const Outcome first = run("$state.count = 6; const r = await $ext.api.get('u', 2); $state.name = r.who; return r");
  ASSERT_EQ(first.status, Status::kSuspended);
  EXPECT_EQ(json(first.mutations), R"({"count":6})");
  ASSERT_EQ(first.suspensions.size(), 1u);
  EXPECT_EQ(first.suspensions[0].extension, "api");
  EXPECT_EQ(first.suspensions[0].method, "get");
  EXPECT_EQ(value::to_json(first.suspensions[0].args), R"(["u",2])");
  state_.apply(first.mutations);

  const Outcome last = answer(first, 0, Object{{"who", "eve"}});
  EXPECT_EQ(last.run_id, first.run_id);
  EXPECT_EQ(json(last.mutations), R"({"name":"eve"})");
  EXPECT_EQ(result(last), R"({"who":"eve"})");
}

TEST_F(EngineTest, TwoCallsAreInFlightAtOnceAndAnsweredInAnyOrder) {
  const Outcome first = run("return Promise.all([$ext.api.get(1), $ext.other.call(2)])");
  ASSERT_EQ(first.suspensions.size(), 2u);
  const Outcome second = answer(first, 1, "b");
  ASSERT_EQ(second.status, Status::kSuspended);
  ASSERT_EQ(second.suspensions.size(), 1u);
  EXPECT_EQ(second.suspensions[0].id, first.suspensions[0].id);
  EXPECT_TRUE(second.new_suspensions.empty());
  EXPECT_EQ(result(answer(second, 0, "a")), R"(["a","b"])");
}

TEST_F(EngineTest, SuspendsAgainAndAgain) {
  Outcome outcome = run("let sum = 0; for (let i = 0; i < 20; i++) sum += await $ext.api.get(i); return sum");
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(outcome.status, Status::kSuspended) << result(outcome);
    outcome = answer(outcome, 0, i);
  }
  EXPECT_EQ(result(outcome), "190");
}

TEST_F(EngineTest, AFailedCallIsAnErrorTheHandlerCanCatch) {
  const Outcome first = run("try { await $ext.api.get() } catch (e) { return [e.message, e.extension, e.method, e.code] }");
  const Outcome caught = engine_->resume(first.suspensions[0].id,
                                         {.success = false, .value = {}, .error = "down", .code = "TIMEOUT"}, state_);
  EXPECT_EQ(result(caught), R"(["down","api","get","TIMEOUT"])");
  const Outcome second = run("await $ext.api.get()");
  EXPECT_EQ(result(engine_->resume(second.suspensions[0].id, {.success = false, .value = {}, .error = "down"}, state_)),
            "EXTENSION_ERROR: down");
}

TEST_F(EngineTest, AnAnswerLargerThanAValueMayBeIsAnErrorTheHandlerCanCatch) {
  const char* const handler = "try { return (await $ext.api.get()).length } catch (e) { return [e.code, e.message] }";
  const std::size_t most = Limits{}.payload.bytes - value::msgpack_header_size(Limits{}.payload.bytes);
  EXPECT_EQ(result(answer(run(handler), 0, std::string(most, 'x'))), std::to_string(most));
  EXPECT_EQ(result(answer(run(handler), 0, std::string(most + 1, 'x'))),
            R"(["RESOURCE_LIMIT","the answer has 4194305 bytes, limit 4194304"])");
}

TEST_F(EngineTest, AnIdIsGoodOnce) {
  const Outcome first = run("await $ext.api.get(); await $ext.api.get()");
  const std::string id = first.suspensions[0].id;
  answer(first, 0, nullptr);
  const Outcome again = engine_->resume(id, {.success = true, .value = {}, .error = {}}, state_);
  EXPECT_EQ(again.error->code, ErrorCode::kInvalidSuspension);
  EXPECT_EQ(engine_->resume("nonsense", {.success = true, .value = {}, .error = {}}, state_).error->code,
            ErrorCode::kInvalidSuspension);
}

// ---- Calls together ---------------------------------------------------------------------------------

TEST_F(EngineTest, AllWaitsForEachAndFailsWithTheFirstFailure) {
  const char* const code =
      "try { return await Promise.all([$ext.api.get(1), $ext.api.get(2), $ext.other.call(3)]) }"
      "catch (e) { return [e.message, e.extension, e.method] }";
  Outcome outcome = run(code);
  ASSERT_EQ(outcome.suspensions.size(), 3u);
  for (int left = 2; left >= 0; --left) outcome = answer(outcome, static_cast<std::size_t>(left), left);
  EXPECT_EQ(result(outcome), "[0,1,2]");

  const Outcome first = run(code);
  const Outcome failed = fail(first, 2, "down");
  EXPECT_EQ(result(failed), R"(["down","other","call"])");
  EXPECT_THAT(failed.closed_suspensions, ElementsAre(first.suspensions[0].id, first.suspensions[1].id));
}

TEST_F(EngineTest, RaceTakesTheFirstAnswerAndTheFirstFailure) {
  const char* const code = "try { return await Promise.race([$ext.api.get(1), $ext.api.get(2)]) } catch (e) { return e.message }";
  const Outcome first = run(code);
  EXPECT_EQ(result(answer(first, 1, "won")), R"("won")");
  const Outcome second = run(code);
  EXPECT_EQ(result(fail(second, 0, "lost")), R"("lost")");
}

TEST_F(EngineTest, AllSettledTellsOfEachCall) {
  const Outcome first = run(
      "const all = await Promise.allSettled([$ext.api.get(1), $ext.api.post(2)]);"
      "return all.map((each) => [each.status, each.value ?? [each.reason.message, each.reason.method]])");
  const Outcome second = fail(first, 1, "no");
  ASSERT_EQ(second.status, Status::kSuspended);
  EXPECT_EQ(result(answer(second, 0, "a")), R"([["fulfilled","a"],["rejected",["no","post"]]])");
}

TEST_F(EngineTest, AnyTakesTheFirstSuccessAndCollectsTheFailures) {
  const char* const code =
      "try { return await Promise.any([$ext.api.get(1), $ext.other.call(2)]) }"
      "catch (e) { return [e.name, e.errors.map((each) => each.extension + ': ' + each.message)] }";
  const Outcome first = run(code);
  const Outcome second = fail(first, 0, "a");
  ASSERT_EQ(second.status, Status::kSuspended);
  EXPECT_EQ(result(answer(second, 0, "b")), R"("b")");
  const Outcome third = run(code);
  EXPECT_EQ(result(fail(fail(third, 0, "a"), 0, "b")), R"(["AggregateError",["api: a","other: b"]])");
}

TEST_F(EngineTest, CallsInCallbacksAndGeneratorsSuspendToo) {
  Outcome outcome = run(
      "const ids = await Promise.all([1, 2].map(async (n) => (await $ext.api.get(n)).id));"
      "async function* pages() { for (const id of ids) yield await $ext.other.call(id) }"
      "let all = ''; for await (const page of pages()) all += page;"
      "return await new Promise((resolve) => { $ext.api.post(all).then((r) => resolve([all, r])) })");
  ASSERT_EQ(outcome.suspensions.size(), 2u);
  outcome = answer(outcome, 1, Object{{"id", "b"}});
  outcome = answer(outcome, 0, Object{{"id", "a"}});
  ASSERT_EQ(outcome.suspensions.size(), 1u) << result(outcome);
  EXPECT_EQ(value::to_json(outcome.suspensions[0].args), R"(["a"])");
  outcome = answer(outcome, 0, "x");
  ASSERT_EQ(outcome.suspensions.size(), 1u);
  EXPECT_EQ(value::to_json(outcome.suspensions[0].args), R"(["b"])");
  outcome = answer(outcome, 0, "y");
  ASSERT_EQ(outcome.suspensions.size(), 1u);
  EXPECT_EQ(outcome.suspensions[0].method, "post");
  EXPECT_EQ(result(answer(outcome, 0, 1)), R"(["xy",1])");
}

TEST_F(EngineTest, AFailureWithoutACatchInACallbackStillEndsTheRun) {
  const Outcome first = run("await Promise.all([1].map(async () => { await $ext.api.get() }))");
  const Outcome last = fail(first, 0, "down");
  EXPECT_EQ(result(last), "EXTENSION_ERROR: down");
  EXPECT_EQ(engine_->stats().runs_suspended, 0u);
}

TEST_F(EngineTest, HundredsOfSuspensionsInOneRun) {
  Outcome outcome = run("let sum = 0; for (let i = 0; i < 300; i++) { $state.count = i; sum += await $ext.api.get(i) } return sum");
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(outcome.status, Status::kSuspended) << i << ": " << result(outcome);
    ASSERT_EQ(json(outcome.mutations), "{\"count\":" + std::to_string(i) + "}");
    state_.apply(outcome.mutations);
    outcome = answer(outcome, 0, 1);
  }
  EXPECT_EQ(result(outcome), "300");
}

TEST_F(EngineTest, TheEffectsOfEachSegmentComeOnce) {
  const auto effects = [](const Outcome& outcome) {
    std::string text = json(outcome.mutations);
    for (const Event& event : outcome.events) text += ' ' + event.name;
    for (const ViewCommand& command : outcome.view_commands) text += ' ' + command.type;
    for (const LogLine& line : outcome.logs) text += ' ' + line.message;
    return text;
  };
  const Outcome first = run(
      "$state.count = 1; $emit('a'); $view.focus('x'); $log('l1'); await $ext.api.get();"
      "$emit('b'); $log('l2'); await $ext.api.get();"
      "$state.count = 2; $state.name = 'bob'; $view.setFilter('x', 1); return 1");
  EXPECT_EQ(effects(first), R"({"count":1} a focus l1)");
  state_.apply(first.mutations);
  const Outcome second = answer(first, 0, nullptr);
  EXPECT_EQ(effects(second), "{} b l2");
  const Outcome third = answer(second, 0, nullptr);
  EXPECT_EQ(effects(third), R"({"count":2,"name":"bob"} setFilter)");
}

TEST_F(EngineTest, AFailedSegmentTakesBackItsOwnEffectsOnly) {
  const Outcome first = run("$state.count = 1; await $ext.api.get(); $state.name = 'x'; $emit('b'); throw new Error('late')");
  EXPECT_EQ(json(first.mutations), R"({"count":1})");
  const Outcome last = answer(first, 0, nullptr);
  EXPECT_EQ(result(last), "EXECUTION_ERROR: late");
  EXPECT_EQ(json(last.mutations), "{}");
  EXPECT_TRUE(last.events.empty());
}

TEST_F(EngineTest, IdsAreUniqueOverAllRunsAndGoodForTheirOwnCall) {
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) {
    const Outcome outcome = run("await Promise.all([$ext.api.get(1), $ext.api.get(2)])");
    for (const Suspension& each : outcome.suspensions) EXPECT_TRUE(ids.insert(each.id).second);
    engine_->cancel(outcome.run_id);
  }
  for (const std::string& id : ids) {
    EXPECT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '4') << "UUID version 4";
    EXPECT_EQ(engine_->resume(id, {.success = true, .value = {}, .error = {}}, state_).error->code,
              ErrorCode::kInvalidSuspension);
  }
}

TEST_F(EngineTest, ARefusedIdChangesNothingForTheRunThatWaits) {
  const Outcome first = run("const r = await $ext.api.get(); $state.count = r; return r");
  for (const std::string& id : {std::string(), std::string("x"), first.run_id, first.suspensions[0].id + "0", std::string(100'000, '4')}) {
    const Outcome refused = engine_->resume(id, {.success = true, .value = 1, .error = {}}, state_);
    EXPECT_EQ(refused.error->code, ErrorCode::kInvalidSuspension);
    EXPECT_TRUE(refused.mutations.empty());
  }
  EXPECT_EQ(result(answer(first, 0, 7)), "7");
}

TEST_F(EngineTest, TheEndOfTheRunMakesOpenCallsMoot) {
  const Outcome first = run("return Promise.race([$ext.api.get(1), $ext.api.get(2)])");
  const Outcome last = answer(first, 0, "won");
  EXPECT_EQ(result(last), R"("won")");
  EXPECT_THAT(last.closed_suspensions, ElementsAre(first.suspensions[1].id));
  EXPECT_EQ(answer(first, 1, "late").error->code, ErrorCode::kInvalidSuspension);
}

TEST_F(EngineTest, AfterASuspensionReadsSeeWhatOthersWroteAndHandlesStayLive) {
  const Outcome first = run(
      "const items = $state.items; await $ext.api.get(); items.push({id: 9}); return [$state.count, items.length]");
  state_.apply({{Mutation::Operation::kSet, "items", List{Object{{"id", 7}}}},
                {Mutation::Operation::kSet, "count", 100}});
  const Outcome last = answer(first, 0, nullptr);
  EXPECT_EQ(result(last), "[100,2]");
  EXPECT_EQ(json(last.mutations), R"({"op":"add","path":"/items/1","value":{"id":9}})");
}

TEST_F(EngineTest, AHandleToAPlaceThatIsGoneThrows) {
  const Outcome first = run("const tags = $state.items[0].tags; await $ext.api.get(); tags.push('x')");
  state_.apply({{Mutation::Operation::kSet, "items", List{}}});
  const Outcome last = answer(first, 0, nullptr);
  EXPECT_EQ(last.error->code, ErrorCode::kStateError);
  EXPECT_THAT(last.error->message, HasSubstr("$state.items[0].tags no longer exists"));
}

TEST_F(EngineTest, WaitingForNothingIsAnErrorAtOnce) {
  const Outcome outcome = run("await new Promise(() => {})");
  EXPECT_EQ(outcome.error->code, ErrorCode::kExecutionError);
  EXPECT_THAT(outcome.error->message, HasSubstr("can never happen"));
}

TEST_F(EngineTest, ACancelledRunIsForgotten) {
  const Outcome first = run("await $ext.api.get()");
  EXPECT_EQ(engine_->stats().runs_suspended, 1u);
  EXPECT_TRUE(engine_->cancel(first.run_id));
  EXPECT_FALSE(engine_->cancel(first.run_id));
  EXPECT_EQ(engine_->stats().runs_suspended, 0u);
  EXPECT_EQ(answer(first, 0, nullptr).error->code, ErrorCode::kInvalidSuspension);
}

TEST_F(EngineTest, UnknownExtensionsAndMethodsAreTheirOwnErrors) {
  EXPECT_EQ(run("$ext.api.nope()").error->code, ErrorCode::kMethodNotFound);
  EXPECT_EQ(result(run("return [typeof $ext.nope, $ext.exists('api'), $ext.exists('x'), $ext.list(), $ext.methods('api')]")),
            R"(["undefined",true,false,["api","other"],["get","post"]])");
}

}  // namespace
}  // namespace nexus::engine
