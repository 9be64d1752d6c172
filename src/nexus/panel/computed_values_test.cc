#include "nexus/panel/computed_values.h"

#include <gtest/gtest.h>

#include "nexus/nxml/nxml.h"
#include "nexus/panel/panel_state.h"
#include "nexus/panel/real_engine_fixture_internal.h"
#include "nexus/value/json.h"

// With the real engine: what is promised here is what expressions mean in the sandbox.
namespace nexus::panel {
namespace {

using engine::Mutation;
using value::Value;

class ComputedValuesTest : public RealEngineTest {
 protected:
  // Takes the content of <Data>.
  void load(const std::string& data) {
    const auto parsed = nxml::parse("<NexusPanel title=\"T\"><Data>" + data + "</Data></NexusPanel>");
    ASSERT_TRUE(parsed.document) << nxml::to_json(parsed.diagnostics);
    std::vector<state::Declaration> declarations;
    for (const auto& state : parsed.document->states)
      declarations.push_back({state.name, state.type, state.initial, false});
    for (const auto& computed : parsed.document->computed)
      declarations.push_back({.name = computed.name, .computed = true});
    state_ = std::make_unique<PanelState>(
        state::Store::create(std::move(declarations)).take(),
        std::make_shared<const ComputedValues>(*parsed.document, engine::Limits{}), "p");
    ASSERT_TRUE(state_->seed(*engine_).ok());
  }

  std::string state() const { return state_->to_json(); }

  // What one segment that sets `key` changes, as JSON texts by key.
  std::vector<std::string> change(std::string key, Value value) {
    std::vector<Mutation> mutations = {
        {Mutation::Operation::kSet, std::move(key), std::move(value)}};
    state_->derive(*engine_, mutations);
    EXPECT_TRUE(state_->apply(mutations).ok());
    std::vector<std::string> changes;
    for (const auto& each : mutations) changes.push_back(each.key + "=" + value::to_json(each.value));
    return changes;
  }
  // The value of one expression over a few States.
  std::string value_of(const std::string& expression) {
    load("<State name='n' type='number' default='3'/><State name='list' type='list' "
         "default='[3,1,2]'/><State name='o' type='object' default='{}'/>"
         "<Computed name='v' value=\"" + expression + "\"/>");
    return value::to_json(*state_->get("v"));
  }

  using Strings = std::vector<std::string>;
  std::unique_ptr<PanelState> state_;
};

constexpr const char* kChain = R"(
  <Computed name="twice" value="$state.sum * 2"/>
  <State name="a" type="number" default="1"/>
  <State name="b" type="number" default="2"/>
  <State name="c" type="number" default="7"/>
  <Computed name="sum" value="$state.a + $state.b"/>
  <Computed name="other" value="$state.c"/>)";

TEST_F(ComputedValuesTest, FirstValuesAreThereFromTheStartInOrderOfWhatTheyRead) {
  load(kChain);
  EXPECT_EQ(state(), R"({"a":1,"b":2,"c":7,"twice":6,"sum":3,"other":7})");
  EXPECT_EQ(state_->version(), 0u);
}

TEST_F(ComputedValuesTest, OneChangeCarriesWhatFollowsFromItAndCountsOnce) {
  load(kChain);
  EXPECT_EQ(change("a", 5), (Strings{"a=5", "sum=7", "twice=14"}));
  EXPECT_EQ(state_->version(), 1u);
  EXPECT_EQ(change("c", 8), (Strings{"c=8", "other=8"}));
}

TEST_F(ComputedValuesTest, OnlyWhatReadsAChangedKeyIsEvaluated) {
  load(kChain);
  const auto runs = engine_->stats().runs_success;
  std::vector<Mutation> none = {{Mutation::Operation::kSet, "unread", 1}};
  state_->derive(*engine_, none);
  EXPECT_EQ(none.size(), 1u);
  EXPECT_EQ(engine_->stats().runs_success, runs) << "nothing to evaluate, no run";
}

TEST_F(ComputedValuesTest, AnExpressionThatThrowsIsNullAndTheOthersStand) {
  load(R"(<State name="o" type="object"/><Computed name="bad" value="$state.o.x.y"/>
          <Computed name="nan" value="0 / 0"/>
          <Computed name="good" value="1 + 1"/><Computed name="after" value="$state.bad ?? 'none'"/>)");
  EXPECT_EQ(state(), R"({"o":{},"bad":null,"nan":null,"good":2,"after":"none"})");
  EXPECT_EQ(change("o", value::Object{{"x", value::Object{{"y", 4}}}}),
            (Strings{R"(o={"x":{"y":4}})", "bad=4", "after=4"}));
}

TEST_F(ComputedValuesTest, ARunPastItsLimitsLeavesNullAndThePanelAlive) {
  load(R"(<State name="n" type="number" default="1"/>
          <Computed name="huge" value="'x'.repeat($state.n).length"/>)");
  EXPECT_EQ(change("n", 4e8), (Strings{"n=400000000", "huge=null"}));
  EXPECT_EQ(change("n", 3), (Strings{"n=3", "huge=3"}));
}

TEST_F(ComputedValuesTest, ListMethodsNeverChangeTheStateAndReturnLists) {
  EXPECT_EQ(value_of("$state.list.sort().concat($state.list)"), "[1,2,3,3,1,2]");
  EXPECT_EQ(value_of("$state.list.reverse().concat($state.list)"), "[2,1,3,3,1,2]");
  EXPECT_EQ(value_of("$state.list.entries().map(e => e[0] + e[1])"), "[3,2,4]");
  EXPECT_EQ(value_of("$state.list.keys()"), "[0,1,2]");
  EXPECT_EQ(value_of("[...$state.list.values()]"), "[3,1,2]");
}

TEST_F(ComputedValuesTest, TheStateAsAWholeIsTheStates) {
  EXPECT_EQ(value_of("Object.keys($state).length"), "3");
  EXPECT_EQ(value_of("$state['li' + 'st'].length"), "3");
}

TEST_F(ComputedValuesTest, NamesOfMethodsAreKeysLikeAnyOther) {
  load(R"(<State name="valueOf" type="number" default="4"/>
          <Computed name="toString" value="$state.valueOf + 1"/>
          <Computed name="keys" value="$state.toString + 1"/>)");
  EXPECT_EQ(state(), R"({"valueOf":4,"toString":5,"keys":6})");
}

TEST_F(ComputedValuesTest, HandlersCannotWriteThem) {
  load(kChain);
  Value value = 1;
  const auto refused = state_->check_write("sum", &value);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "state key \"sum\" is computed and cannot be written");
}

}  // namespace
}  // namespace nexus::panel
