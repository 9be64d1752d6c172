#include "nexus/engine/engine_fixture_internal.h"

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

TEST_F(EngineTest, AnIdIsGoodOnce) {
  const Outcome first = run("await $ext.api.get(); await $ext.api.get()");
  const std::string id = first.suspensions[0].id;
  answer(first, 0, nullptr);
  const Outcome again = engine_->resume(id, {.success = true, .value = {}, .error = {}}, state_);
  EXPECT_EQ(again.error->code, ErrorCode::kInvalidSuspension);
  EXPECT_EQ(engine_->resume("nonsense", {.success = true, .value = {}, .error = {}}, state_).error->code,
            ErrorCode::kInvalidSuspension);
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
  EXPECT_EQ(json(last.mutations), R"({"items":[{"id":7},{"id":9}]})");
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
