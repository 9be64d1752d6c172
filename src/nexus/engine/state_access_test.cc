#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

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

TEST_F(EngineTest, AChangeInsideAKeyIsHandedOverAsThatChange) {
  EXPECT_EQ(json(run("$state.items.push({id: 3}); $state.items.push(4, 5)").mutations),
            R"({"op":"add","path":"/items/2","value":{"id":3}})"
            R"({"op":"add","path":"/items/3","value":4}{"op":"add","path":"/items/4","value":5})");
  EXPECT_EQ(json(run("$state.config.deep.n = 7").mutations),
            R"({"op":"replace","path":"/config/deep/n","value":7})");
  EXPECT_EQ(json(run("$state.config.deep.m = 7").mutations), R"({"op":"add","path":"/config/deep/m","value":7})");
  EXPECT_EQ(json(run("delete $state.items[0].tags").mutations), R"({"op":"remove","path":"/items/0/tags"})");
  EXPECT_EQ(json(run("$state.items.push()").mutations), "{}");
}

TEST_F(EngineTest, ReadsSeeWhatWasPatchedBefore) {
  EXPECT_EQ(result(run("$state.items.push(1); const all = $state.get('items'); return [all.length, $state.has('items'),"
                       "$state.keys().length]")),
            "[3,true,5]");
  EXPECT_EQ(json(run("$state.items.push(1); $state.items[2] = 2; $state.items = $state.items").mutations),
            R"({"items":[{"id":1,"tags":["a"]},{"id":2},2]})");
}

TEST_F(EngineTest, PlacesNestOnlySoDeep) {
  EXPECT_THAT(result(run("let at = $state.config; for (let i = 0; i < 100; i++) { at.x = {}; at = at.x; }")),
              HasSubstr("nest too deeply"));
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

}  // namespace
}  // namespace nexus::engine
