#include "nexus/engine/engine_fixture_internal.h"

// What reads and writes below a top-level key mean: one mutation of that key for all of them, none
// when nothing changed, an error at the statement that may not write.
namespace nexus::engine {
namespace {

class NestedState : public EngineTest {
 protected:
  NestedState() {
    state_ = FakeState(Object{
        {"a", Object{{"b", List{1}}, {"c", Object{{"d", 1}}}, {"list", List{Object{{"n", 1}}}}}},
        {"l", List{3, 1, 2}},
        {"o", Object{{"x", 1}, {"y", List{List{1}, List{2}}}}},
        {"n", 1}});
  }
  // The values that the mutated keys get, whether they came whole or as a patch.
  std::string mutations(const std::string& code) {
    Outcome outcome = run(code);
    if (outcome.error) return result(outcome);
    FakeState after = state_;
    after.apply(outcome.mutations);
    for (Mutation& mutation : outcome.mutations)
      if (!std::exchange(mutation.patch, {}).empty()) mutation.value = *after.get(mutation.key);
    return json(outcome.mutations);
  }
};

TEST_F(NestedState, EachKindOfWriteGivesOneMutationOfItsKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"$state.a.b.push(2)", R"({"a":{"b":[1,2],"c":{"d":1},"list":[{"n":1}]}})"},
      {"$state.a.b.push(2); $state.a.c.d++; $state.a.list[0].n += 4",
       R"({"a":{"b":[1,2],"c":{"d":2},"list":[{"n":5}]}})"},
      {"$state.l.sort()", R"({"l":[1,2,3]})"},
      {"$state.l.sort((a, b) => b - a)", R"({"l":[3,2,1]})"},
      {"$state.l.reverse()", R"({"l":[2,1,3]})"},
      {"$state.l.pop(); $state.l.shift()", R"({"l":[1]})"},
      {"$state.l.unshift(0)", R"({"l":[0,3,1,2]})"},
      {"$state.l.splice(1, 1, 'x', 'y')", R"({"l":[3,"x","y",2]})"},
      {"$state.l.fill(0, 1)", R"({"l":[3,0,0]})"},
      {"$state.l.copyWithin(0, 1)", R"({"l":[1,2,2]})"},
      {"$state.l.length = 1", R"({"l":[3]})"},
      {"$state.l[3] = 9", R"({"l":[3,1,2,9]})"},
      {"$state.l[$state.l.length - 1]++", R"({"l":[3,1,3]})"},
      {"[$state.l[0], $state.l[1]] = [$state.l[1], $state.l[0]]", R"({"l":[1,3,2]})"},
      {"for (const row of $state.o.y) row.push(0)", R"({"o":{"x":1,"y":[[1,0],[2,0]]}})"},
      {"$state.a.list.forEach((each) => { each.n = 7 })",
       R"({"a":{"b":[1],"c":{"d":1},"list":[{"n":7}]}})"},
      {"const { c } = $state.a; c.d = 2", R"({"a":{"b":[1],"c":{"d":2},"list":[{"n":1}]}})"},
      {"delete $state.o.x", R"({"o":{"y":[[1],[2]]}})"},
      {"$state.o.x = undefined", R"({"o":{"y":[[1],[2]]}})"},
      {"$state.o['x'] = null", R"({"o":{"x":null,"y":[[1],[2]]}})"},
      {"Object.assign($state.o, {x: 2, z: 3})", R"({"o":{"x":2,"y":[[1],[2]],"z":3}})"},
      {"$state.o.y[0] = $state.l", R"({"o":{"x":1,"y":[[3,1,2],[2]]}})"},
      {"$state.o = {...$state.o, x: 5}", R"({"o":{"x":5,"y":[[1],[2]]}})"},
      {"$state.o.x ?"
       "?= 4; $state.o.z ?"
       "?= 4; $state.o.x &&= 6",
       R"({"o":{"x":6,"y":[[1],[2]],"z":4}})"},
      {"Object.defineProperty($state.o, 'x', {value: 8})", R"({"o":{"x":8,"y":[[1],[2]]}})"},
      {"Reflect.set($state.o, 'x', 9)", R"({"o":{"x":9,"y":[[1],[2]]}})"},
      {"$state.n = 2; $state.n = 3; $state.l = []; $state.l.push(1)", R"({"n":3,"l":[1]})"},
  };
  for (const auto& [code, expected] : cases) EXPECT_EQ(mutations(code), expected) << code;
}

TEST_F(NestedState, WhatEndsAsItBeganGivesNone) {
  for (const char* code :
       {"$state.a.b.push(2); $state.a.b.pop()", "$state.l.sort(); $state.l = [3, 1, 2]",
        "$state.o.x = 1", "$state.l.splice(0, 0)", "delete $state.o.nope", "$state.o.y[0][0] = 1",
        "$state.n++; $state.n--", "$state.l.reverse(); $state.l.reverse()",
        "$state.o = JSON.parse(JSON.stringify($state.o))", "$state.l.length = 3",
        "$state.a.b.push()", "$state.l.map((x) => x + 1).sort()", "[...$state.l].push(1)",
        "$state.l.slice().reverse()", "Object.entries($state.o)"})
    EXPECT_EQ(mutations(code), "{}") << code;
}

TEST_F(NestedState, ReadsSeeTheRunsOwnWrites) {
  EXPECT_EQ(
      result(
          run("const { b } = $state.a; $state.a.b.push(2); const was = b.length; $state.a.b = [9];"
              "delete $state.a.c; return [was, b[0], b.length, 'c' in $state.a, "
              "Object.keys($state.a)]")),
      R"([2,9,1,false,["b","list"]])");
}

TEST_F(NestedState, AValueThatWasAssignedIsACopy) {
  EXPECT_EQ(result(run("const mine = {deep: [1]}; $state.o.z = mine; mine.deep.push(2); return "
                       "$state.o.z.deep.length")),
            "1");
  EXPECT_EQ(result(run("$state.o.z = $state.a.c; $state.a.c.d = 5; return $state.o.z.d")), "1");
}

TEST_F(NestedState, AFailedChangeOfAListLeavesItAsItWas) {
  EXPECT_EQ(result(run("try { $state.l.sort(() => { throw 1 }) } catch {} try { $state.l.splice(0, "
                       "1, () => 1) } catch {}"
                       "try { $state.l.unshift(1n) } catch {} try { $state.l.push(NaN) } catch {} "
                       "return $state.l")),
            "[3,1,2]");
}

TEST_F(NestedState, ComputedKeysAreReadOnlyInEveryWay) {
  state_ = FakeState(Object{{"fixed", Object{{"l", List{1}}, {"n", 1}}}});
  for (const char* code :
       {"$state.fixed = 1", "delete $state.fixed", "$state.fixed.n = 2", "$state.fixed.n++",
        "$state.fixed.l.push(2)", "$state.fixed.l[0] = 2", "$state.fixed.l.length = 0",
        "delete $state.fixed.n", "$state.set('fixed', 1)", "$state.update('fixed', () => 1)",
        "$state.fixed.l.sort().reverse()", "Object.assign($state.fixed, {n: 3})"}) {
    const Outcome outcome = run(std::string("\n") + code);
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, ErrorCode::kStateError) << code;
    EXPECT_THAT(outcome.error->message, HasSubstr("fixed")) << code;
    ASSERT_TRUE(outcome.error->location.has_value()) << code;
    EXPECT_EQ(outcome.error->location->line, 2) << code;
    EXPECT_TRUE(outcome.mutations.empty()) << code;
  }
}

TEST_F(NestedState, AWriteWithoutTheCapabilityThrowsAtItsStatement) {
  for (const char* code :
       {"$state.o.x = 2", "$state.o.y.push(1)", "$state.o.y[0][0] = 2", "delete $state.o.x",
        "$state.o.x++", "$state.o = {}", "delete $state.o", "$state.set('o', 1)",
        "$state.o.y.sort()", "$state.o.y.length = 0", "Object.assign($state.o, {x: 2})"}) {
    RunRequest r =
        request(std::string("$state.n = 2;\n$log('before');\n  ") + code + "\n$log('after')");
    r.capabilities = capability::GrantSet({capability::parse_token("state:read:*").value(),
                                           capability::parse_token("state:write:n").value()});
    const Outcome outcome = run(std::move(r));
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, ErrorCode::kPermissionDenied) << code;
    EXPECT_THAT(outcome.error->message, HasSubstr("state:write:o")) << code;
    ASSERT_TRUE(outcome.error->location.has_value()) << code;
    EXPECT_EQ(outcome.error->location->line, 3) << code;
    EXPECT_EQ(outcome.logs.size(), 1u) << code;
    EXPECT_TRUE(outcome.mutations.empty()) << code;
  }
}

TEST_F(NestedState, ARefusedWriteThatIsCaughtLeavesTheValueAlone) {
  RunRequest r = request(
      "try { $state.o.y.push(1) } catch {} try { $state.o.x = 2 } catch {} $state.n = 2; return "
      "$state.o");
  r.capabilities = capability::GrantSet({capability::parse_token("state:read:*").value(),
                                         capability::parse_token("state:write:n").value()});
  const Outcome outcome = run(std::move(r));
  EXPECT_EQ(result(outcome), R"({"x":1,"y":[[1],[2]]})");
  EXPECT_EQ(json(outcome.mutations), R"({"n":2})");
}

}  // namespace
}  // namespace nexus::engine
