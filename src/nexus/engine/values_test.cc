#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

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

}  // namespace
}  // namespace nexus::engine
