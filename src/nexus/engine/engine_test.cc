#include "nexus/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "nexus/sandbox/entry.h"
#include "nexus/value/json.h"

namespace nexus::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using value::List;
using value::Object;
using value::Value;

// State as a plain object: every key it has is declared, `fixed` is read-only, numbers stay numbers.
class FakeState final : public StateView {
 public:
  explicit FakeState(Object values) : values_(std::move(values)) {}

  const Value* get(std::string_view key) const override { return values_.find(key); }
  std::vector<std::string> keys() const override {
    std::vector<std::string> keys;
    for (const auto& [key, value] : values_) keys.push_back(key);
    return keys;
  }
  Result<void> check_write(std::string_view key, Value* value) const override {
    const Value* const now = values_.find(key);
    if (now == nullptr) return Error{ErrorCode::kStateError, "undeclared key '" + std::string(key) + "'"};
    if (key == "fixed") return Error{ErrorCode::kStateError, "'fixed' is computed"};
    if (value != nullptr && now->is_number() && !value->is_number())
      return Error{ErrorCode::kStateError, "'" + std::string(key) + "' is a number"};
    return {};
  }

  void apply(const std::vector<Mutation>& mutations) {
    for (const Mutation& m : mutations)
      m.operation == Mutation::Operation::kSet ? values_.set(m.key, m.value) : void(values_.erase(m.key));
  }
  std::string json() const { return value::to_json(Value(values_)); }

 private:
  Object values_;
};

std::string json(const std::vector<Mutation>& mutations) {
  Object all;
  for (const Mutation& m : mutations)
    all.set((m.operation == Mutation::Operation::kSet ? "" : "-") + m.key, m.value);
  return value::to_json(Value(all));
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    Options options;
    options.min_instances = 1;
    auto made = Engine::create(options);
    EXPECT_TRUE(made.ok()) << made.error().message;
    engine_ = std::move(made).take();
  }

  static RunRequest request(std::string code) {
    RunRequest request;
    request.panel_id = "p";
    request.handler_name = "t";
    request.source = {std::move(code), {1, 1}};
    request.capabilities = capability::GrantSet::everything();
    request.extensions = std::make_shared<ExtensionMethods>(
        ExtensionMethods{{"api", {"api", {"get", "post"}}}, {"other", {"other", {"call"}}}});
    return request;
  }

  Outcome run(std::string code) { return run(request(std::move(code))); }
  Outcome run(RunRequest r) { return engine_->execute(std::move(r), state_); }
  Outcome answer(const Outcome& outcome, std::size_t call, Value value) {
    return engine_->resume(outcome.suspensions.at(call).id, {.success = true, .value = std::move(value), .error = {}},
                           state_);
  }

  static std::string result(const Outcome& outcome) {
    if (outcome.error) return std::string(to_string(outcome.error->code)) + ": " + outcome.error->message;
    if (outcome.status == Status::kSuspended) return "suspended";
    return outcome.has_return_value ? value::to_json(outcome.return_value) : "undefined";
  }

  const sandbox::ThreadScope thread_;
  std::unique_ptr<Engine> engine_;
  FakeState state_{Object{{"count", 5},
                          {"name", "ada"},
                          {"items", List{Object{{"id", 1}, {"tags", List{"a"}}}, Object{{"id", 2}}}},
                          {"config", Object{{"deep", Object{{"n", 1}}}}},
                          {"fixed", 1}}};
};

// ---- Values and globals -----------------------------------------------------------------------------

TEST_F(EngineTest, ReturnsEveryKindOfValue) {
  EXPECT_EQ(result(run("return {a: 1, b: [true, null, 'x', 1.5], c: undefined, d: new Date(0)}")),
            R"({"a":1,"b":[true,null,"x",1.5],"d":"1970-01-01T00:00:00.000Z"})");
  EXPECT_EQ(result(run("return [undefined, , 'é😀', -0, 1e300]")), R"([null,null,"é😀",0,1e+300])");
  EXPECT_EQ(result(run("")), "undefined");
}

TEST_F(EngineTest, RefusesValuesWithoutAFaithfulFormAndNamesThePlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"return {a: [1, NaN]}", "return value.a[1]"},
      {"return {big: 1n}", "return value.big"},
      {"return {f() {}}", "return value.f"},
      {"const o = {}; o.self = o; return {o}", "return value.o.self"},
      {"return new Map()", "only plain objects"},
      {"return Symbol('x')", "symbol"},
      {"let o = {}; for (let i = 0; i < 100; i++) o = {o}; return o", "too deep"},
      {"$state.count = Infinity", "infinite"},
      {"$emit('x', {when: new Date(NaN)})", "payload.when"},
  };
  for (const auto& [code, place] : cases) {
    const Outcome outcome = run(code);
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, ErrorCode::kSerializationError) << code;
    EXPECT_THAT(outcome.error->message, HasSubstr(place)) << code;
  }
}

TEST_F(EngineTest, ArgumentsAndScopeAreThereAndReadOnly) {
  RunRequest r = request("try { $args.list.push(1) } catch (e) { return [$args.n + 1, $scope.row.id, e.name] }");
  r.args = Object{{"n", 41}, {"list", List{}}};
  r.scope = Object{{"row", Object{{"id", "r1"}}}};
  EXPECT_EQ(result(run(std::move(r))), R"([42,"r1","TypeError"])");
}

TEST_F(EngineTest, RemovesWhatHandlersMustNotHave) {
  EXPECT_EQ(result(run("return [typeof eval, typeof Function, typeof globalThis, typeof setTimeout, typeof Atomics,"
                       " typeof SharedArrayBuffer, typeof fetch, typeof print]")),
            R"(["undefined","undefined","undefined","undefined","undefined","undefined","undefined","undefined"])");
  EXPECT_THAT(result(run("return (() => {}).constructor('return 1')()")), HasSubstr("EXECUTION_ERROR"));
  EXPECT_THAT(result(run("return (async () => {}).constructor('return 1')()")), HasSubstr("EXECUTION_ERROR"));
  EXPECT_THAT(result(run("undeclared = 1")), HasSubstr("EXECUTION_ERROR"));
  EXPECT_EQ(result(run("return typeof this")), "\"undefined\"");
}

TEST_F(EngineTest, RandomNumbersDifferFromRunToRun) {
  const std::string first = result(run("return [Math.random(), Math.random()]"));
  EXPECT_NE(first, result(run("return [Math.random(), Math.random()]")));
  EXPECT_EQ(result(run("for (let i = 0; i < 1e4; i++) { const r = Math.random(); if (!(r >= 0 && r < 1)) return r }")),
            "undefined");
}

// ---- State ------------------------------------------------------------------------------------------

TEST_F(EngineTest, IncrementsComposeIntoOneMutation) {
  const Outcome outcome = run("$state.count++; $state.count += 2; return $state.count");
  EXPECT_EQ(result(outcome), "8");
  EXPECT_EQ(json(outcome.mutations), R"({"count":8})");
}

TEST_F(EngineTest, UnchangedValuesGiveNoMutation) {
  EXPECT_TRUE(run("$state.count = 5; $state.name = 'x'; $state.name = 'ada'; $state.items[0].id = 1").mutations.empty());
}

TEST_F(EngineTest, NestedChangesMutateTheTopLevelKeyOnce) {
  const Outcome outcome = run(
      "$state.items.push({id: 3}); $state.items[0].tags.push('b', 'c'); delete $state.items[1].id;"
      "$state.config.deep.n = 7; $state.config.fresh = [1]; return $state.items.length");
  EXPECT_EQ(result(outcome), "3");
  EXPECT_EQ(json(outcome.mutations),
            R"({"items":[{"id":1,"tags":["a","b","c"]},{},{"id":3}],"config":{"deep":{"n":7},"fresh":[1]}})");
}

TEST_F(EngineTest, ListsBehaveAsLists) {
  EXPECT_EQ(result(run("const i = $state.items; return [Array.isArray(i), i.length, i.map(x => x.id), [...i].length,"
                       "JSON.stringify(i[1]), i.filter(x => x.id > 1)[0].id, i.indexOf(i[1]), 'tags' in i[0],"
                       "Object.keys(i[0]), i.slice(1)[0].id, i.concat([1]).length]")),
            R"([true,2,[1,2],2,"{\"id\":2}",2,1,true,["id","tags"],2,3])");
  EXPECT_EQ(json(run("$state.items.splice(0, 1)").mutations), R"({"items":[{"id":2}]})");
  EXPECT_EQ(json(run("$state.items.sort((a, b) => b.id - a.id)").mutations),
            R"({"items":[{"id":2},{"id":1,"tags":["a"]}]})");
  EXPECT_EQ(result(run("return [$state.items.pop().id, $state.items.shift().id, $state.items.unshift(9), $state.items[0]]")),
            "[2,1,1,9]");
  EXPECT_EQ(json(run("$state.items.length = 1; $state.items[1] = 'x'; $state.items[0] = $state.config.deep").mutations),
            R"({"items":[{"n":1},"x"]})");
  EXPECT_EQ(json(run("$state.items = $state.items.filter(x => x.id === 2)").mutations), R"({"items":[{"id":2}]})");
}

TEST_F(EngineTest, TheObjectDialectOfStateWorksToo) {
  const Outcome outcome = run(
      "$state.set('count', 1); $state.update('count', n => n + 1); $state.delete('name');"
      "return [$state.get('count'), $state.has('name'), $state.keys()]");
  EXPECT_EQ(result(outcome), R"([2,false,["count","items","config","fixed"]])");
  EXPECT_EQ(json(outcome.mutations), R"({"count":2,"-name":null})");
  EXPECT_THAT(result(run("$state.set(1, 2)")), HasSubstr("a state key is a string"));
}

TEST_F(EngineTest, BadWritesThrowAtTheirStatement) {
  for (const char* code : {"$state.count = 'x'", "$state.nope = 1", "$state.fixed = 2", "$state.items.x = 1",
                           "$state.items[9] = 1", "delete $state.items[0]", "$state.count = {}"}) {
    const Outcome outcome = run(std::string("$log('a');\n  ") + code);
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, ErrorCode::kStateError) << code << ": " << outcome.error->message;
    ASSERT_TRUE(outcome.error->location.has_value()) << code;
    EXPECT_EQ(outcome.error->location->line, 2) << code;
    EXPECT_EQ(outcome.logs.size(), 1u);
  }
  EXPECT_EQ(result(run("try { $state.nope = 1 } catch (e) { return [e.code, e.message] }")),
            R"(["STATE_ERROR","undeclared key 'nope'"])");
}

TEST_F(EngineTest, AFailedHandlerLeavesNoEffects) {
  const Outcome outcome = run("$state.count = 9; $emit('x'); $log('kept'); throw new RangeError('no')");
  EXPECT_EQ(result(outcome), "EXECUTION_ERROR: no");
  EXPECT_EQ(outcome.error->name, "RangeError");
  EXPECT_TRUE(outcome.mutations.empty());
  EXPECT_TRUE(outcome.events.empty());
  EXPECT_EQ(outcome.logs.size(), 1u);
}

// ---- Capabilities -----------------------------------------------------------------------------------

TEST_F(EngineTest, NothingIsAllowedByDefault) {
  for (const char* code : {"$state.count", "$state.count = 1", "delete $state.count", "'count' in $state",
                           "$state.keys()", "$emit('x')", "$view.focus('id')", "$view.command(undefined, 'x')",
                           "$ext.api.get()", "$state.items.push(1)"}) {
    RunRequest r = request(code);
    r.capabilities = {};
    const Outcome outcome = run(std::move(r));
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, ErrorCode::kPermissionDenied) << code;
    EXPECT_THAT(outcome.error->message, HasSubstr("requires capability")) << code;
  }
}

TEST_F(EngineTest, ATokenAllowsExactlyWhatItNames) {
  RunRequest r = request(
      "$state.count = 1; const seen = [];"
      "for (const f of [() => $state.count, () => { $state.name = 'x' }, () => $emit('b')])"
      "  try { f(); seen.push('ok') } catch (e) { seen.push(e.code) }"
      "$emit('a'); return seen");
  r.capabilities = capability::GrantSet({capability::parse_token("state:write:count").value(),
                                         capability::parse_token("events:emit:a").value()});
  const Outcome outcome = run(std::move(r));
  EXPECT_EQ(result(outcome), R"(["PERMISSION_DENIED","PERMISSION_DENIED","PERMISSION_DENIED"])");
  EXPECT_EQ(json(outcome.mutations), R"({"count":1})");
  EXPECT_EQ(outcome.events.size(), 1u);
}

// ---- Events, view, log ------------------------------------------------------------------------------

TEST_F(EngineTest, CollectsEventsViewCommandsAndLogLines) {
  const Outcome outcome = run(
      "$emit('saved', {id: 1}); $emit.toast('hi'); $view.setFilter('log', 'err'); $view.scrollTo('l', {row: 3});"
      "$view.getElementById('b').setProp('label', 'x'); $view.getElementById('b').call('focus', 1);"
      "$view.command('c', 'spin', {fast: true});"
      "$log('a', 1, {b: 2}, null); $log.warn(new TypeError('bad').message); $log.debug(undefined)");
  ASSERT_EQ(outcome.events.size(), 2u);
  EXPECT_EQ(outcome.events[0].name, "saved");
  EXPECT_GT(outcome.events[0].timestamp_ms, 1'600'000'000'000);
  EXPECT_EQ(value::to_json(outcome.events[1].payload), R"({"message":"hi","level":"info"})");
  ASSERT_EQ(outcome.view_commands.size(), 5u);
  EXPECT_EQ(outcome.view_commands[0].type, "setFilter");
  EXPECT_EQ(outcome.view_commands[0].component_id, "log");
  EXPECT_EQ(value::to_json(outcome.view_commands[2].args), R"({"prop":"label","value":"x"})");
  EXPECT_EQ(value::to_json(outcome.view_commands[3].args), R"({"method":"focus","args":[1]})");
  EXPECT_EQ(value::to_json(outcome.view_commands[4].args), R"({"name":"spin","params":{"fast":true}})");
  ASSERT_EQ(outcome.logs.size(), 3u);
  EXPECT_EQ(outcome.logs[0].message, R"(a 1 {"b":2} null)");
  EXPECT_EQ(outcome.logs[1].level, LogLevel::kWarn);
  EXPECT_EQ(outcome.logs[2].message, "undefined");
}

// ---- Suspension -------------------------------------------------------------------------------------

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

// ---- Errors -----------------------------------------------------------------------------------------

TEST_F(EngineTest, ErrorsCarryThePositionInTheAuthorsFile) {
  RunRequest r = request("let a = 1;\n  null.x;");
  r.source.start = {10, 5};
  const Outcome outcome = run(std::move(r));
  ASSERT_TRUE(outcome.error->location.has_value());
  EXPECT_EQ(outcome.error->location->line, 11);
  EXPECT_EQ(outcome.error->location->column, 7);
  EXPECT_THAT(outcome.error->stack, HasSubstr("handler:11:7"));
  EXPECT_THAT(*outcome.error->snippet, HasSubstr(">  11 |   null.x;"));
  EXPECT_EQ(outcome.error->snippet_line, 2);

  RunRequest first_line = request("throw new Error('x')");
  first_line.source.start = {10, 5};
  const Outcome on_first_line = run(std::move(first_line));
  EXPECT_EQ(on_first_line.error->location->line, 10);
  EXPECT_GE(on_first_line.error->location->column, 5);
}

TEST_F(EngineTest, SyntaxErrorsCarryThePositionToo) {
  const auto compiled = engine_->precompile({"let a = 1;\nlet b = ;", {20, 3}});
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.error().code, ErrorCode::kCompilationError);
  EXPECT_EQ(compiled.error().location, (Location{21, 9}));
  const auto open = engine_->precompile({"if (a) {\n  b()", {1, 1}});
  ASSERT_FALSE(open.ok());
  EXPECT_EQ(open.error().location->line, 2);
}

TEST_F(EngineTest, ABodyCannotCloseItsWrapper) {
  EXPECT_EQ(run("}); $log('out'); (async () => {").error->code, ErrorCode::kCompilationError);
  EXPECT_EQ(run("} function f() {").error->code, ErrorCode::kCompilationError);
}

TEST_F(EngineTest, WhateverIsThrownIsDescribed) {
  EXPECT_EQ(result(run("throw 'text'")), "EXECUTION_ERROR: text");
  EXPECT_EQ(result(run("throw null")), "EXECUTION_ERROR: null");
  EXPECT_EQ(result(run("throw {}")), "EXECUTION_ERROR: [object Object]");
  EXPECT_EQ(result(run("throw {toString: () => 'own words'}")), "EXECUTION_ERROR: own words");
  EXPECT_EQ(result(run("throw {message: 'plain'}")), "EXECUTION_ERROR: plain");
  EXPECT_EQ(run("throw {get message() { throw 1 }}").error->code, ErrorCode::kExecutionError);
  EXPECT_EQ(run("const e = new Error('x'); e.code = 'TIMEOUT'; throw e").error->code, ErrorCode::kExecutionError);
}

TEST_F(EngineTest, AnUnhandledRejectionIsAWarningInTheLog) {
  const Outcome outcome = run("Promise.reject(new Error('lost')); Promise.reject(1).catch(() => {}); return 1");
  EXPECT_EQ(result(outcome), "1");
  ASSERT_EQ(outcome.logs.size(), 1u);
  EXPECT_EQ(outcome.logs[0].level, LogLevel::kWarn);
  EXPECT_THAT(outcome.logs[0].message, HasSubstr("lost"));
}

// ---- Limits -----------------------------------------------------------------------------------------

TEST_F(EngineTest, EachLimitEndsTheRunWithItsOwnCodeAndTheNextRunIsRight) {
  const std::pair<const char*, ErrorCode> cases[] = {
      {"while (true) {}", ErrorCode::kTimeout},
      {"await (async () => { while (true); })().catch(() => 1); return 2", ErrorCode::kTimeout},
      {"new Array(2 ** 31).join('x')", ErrorCode::kTimeout},
      {"const a = []; for (;;) try { a.push(new Array(1e5).fill(0)) } catch {}", ErrorCode::kMemoryLimit},
      {"(function f() { f() })()", ErrorCode::kExecutionError},
      {"for (let i = 0; i < 2000; i++) $log(i)", ErrorCode::kResourceLimit},
  };
  for (const auto& [code, expected] : cases) {
    RunRequest r = request(code);
    if (expected == ErrorCode::kTimeout) r.limits.timeout = std::chrono::milliseconds(100);
    const Outcome outcome = run(std::move(r));
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, expected) << code << ": " << outcome.error->message;
    EXPECT_EQ(result(run("return [$state.count, typeof [].leak]")), R"([5,"undefined"])") << code;
  }
}

TEST_F(EngineTest, CountedLimitsHoldAtTheirValueAndNotOneBeyond) {
  const auto at = [&](const char* body, std::uint32_t times, void (*set)(Limits&)) {
    RunRequest r = request("for (let i = 0; i < " + std::to_string(times) + "; i++) { " + body + " }");
    set(r.limits);
    const Outcome outcome = run(std::move(r));
    return outcome.error ? outcome.error->code == ErrorCode::kResourceLimit ? "limit" : "other" : "ok";
  };
  const auto host_calls = [](Limits& l) { l.host_calls = 10; };
  const auto mutations = [](Limits& l) { l.state_mutations = 10; };
  const auto events = [](Limits& l) { l.events = 10; };
  const auto views = [](Limits& l) { l.view_commands = 10; };
  for (const auto& [times, expected] : {std::pair{9u, "ok"}, {10u, "ok"}, {11u, "limit"}}) {
    EXPECT_STREQ(at("$time.now()", times, host_calls), expected) << times;
    EXPECT_STREQ(at("$state.count = i", times, mutations), expected) << times;
    EXPECT_STREQ(at("$emit('x', i)", times, events), expected) << times;
    EXPECT_STREQ(at("$view.focus('x')", times, views), expected) << times;
  }
}

TEST_F(EngineTest, WhatARunHandsOverIsBoundedInAll) {
  EXPECT_EQ(run("for (let i = 0; i < 90; i++) $emit('x', new Array(5e4).fill(null))").error->code,
            ErrorCode::kResourceLimit);
  EXPECT_EQ(run("for (let i = 0; i < 5; i++) $emit('x', new Array(5e4).fill(null)); return 1").status,
            Status::kSuccess);
}

TEST_F(EngineTest, ALimitCannotBeCaught) {
  RunRequest r = request("try { for (;;) $emit('x') } catch {} return 'went on'");
  EXPECT_EQ(run(std::move(r)).error->code, ErrorCode::kResourceLimit);
}

TEST_F(EngineTest, RunningTimeAddsUpOverSegments) {
  RunRequest r = request(
      "const busy = () => { const end = Date.now() + 60; while (Date.now() < end); };"
      "busy(); await $ext.api.get(); busy(); await $ext.api.get(); busy(); return 1");
  r.limits.timeout = std::chrono::milliseconds(150);
  Outcome outcome = run(std::move(r));
  ASSERT_EQ(outcome.status, Status::kSuspended);
  outcome = answer(outcome, 0, nullptr);
  ASSERT_EQ(outcome.status, Status::kSuspended);
  outcome = answer(outcome, 0, nullptr);
  EXPECT_EQ(result(outcome).substr(0, 7), "TIMEOUT");
}

TEST_F(EngineTest, ARunCannotRaiseTheEnginesLimits) {
  RunRequest r = request("for (let i = 0; i < 1001; i++) $time.now()");
  r.limits.host_calls = 1'000'000;
  EXPECT_EQ(run(std::move(r)).error->code, ErrorCode::kResourceLimit);
}

// ---- Cache, metrics, threads ------------------------------------------------------------------------

TEST_F(EngineTest, TheSecondRunOfAHandlerUsesTheCache) {
  EXPECT_FALSE(run("return 'cache me'").metrics.cache_hit);
  EXPECT_TRUE(run("return 'cache me'").metrics.cache_hit);
  EXPECT_EQ(engine_->stats().cache_hits, 1u);
  EXPECT_EQ(engine_->stats().cache_misses, 1u);
}

TEST_F(EngineTest, MetricsTellWhatTheRunDid) {
  const Outcome outcome = run("$state.count++; $emit('a'); $emit('b'); const x = new Array(1e5).fill(1); $log(x.length)");
  EXPECT_EQ(outcome.metrics.host_calls.at("__nexus_emit_event"), 2u);
  EXPECT_EQ(outcome.metrics.host_calls.at("__nexus_state_set"), 1u);
  EXPECT_GT(outcome.metrics.duration_us, 0);
  EXPECT_GT(outcome.metrics.memory_used_bytes, 50'000u);
  EXPECT_GE(outcome.metrics.memory_peak_bytes, outcome.metrics.memory_used_bytes);
  EXPECT_EQ(engine_->stats().host_calls.at("__nexus_emit_event"), 2u);
  EXPECT_EQ(engine_->stats().errors.at("TIMEOUT"), 0u);
}

TEST_F(EngineTest, ShutdownEndsEverything) {
  const Outcome first = run("await $ext.api.get()");
  engine_->shutdown();
  EXPECT_EQ(answer(first, 0, nullptr).error->code, ErrorCode::kInvalidSuspension);
  EXPECT_EQ(run("return 1").error->code, ErrorCode::kCancelled);
}

TEST_F(EngineTest, ThreadsRunSideBySideWithoutSeeingEachOther) {
  auto work = [this](int n) {
    const sandbox::ThreadScope thread;
    for (int i = 0; i < 100; ++i) {
      RunRequest r = request("Array.prototype.mark = " + std::to_string(n) + "; const a = await $ext.api.get(); return [a, [].mark]");
      const Outcome first = run(std::move(r));
      ASSERT_EQ(first.status, Status::kSuspended);
      ASSERT_EQ(result(answer(first, 0, n)), "[" + std::to_string(n) + "," + std::to_string(n) + "]");
    }
  };
  std::thread one(work, 1);
  std::thread two(work, 2);
  one.join();
  two.join();
}

}  // namespace
}  // namespace nexus::engine
