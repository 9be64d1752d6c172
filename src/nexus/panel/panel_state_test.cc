#include "nexus/panel/panel_state.h"

#include <gtest/gtest.h>

#include "nexus/panel/doubles_internal.h"
#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using doubles::set_key;
using value::DataType;
using value::List;
using value::Object;
using value::Value;

PanelState make_state() {
  return PanelState(state::Store::create({{"n", DataType::kNumber, 1},
                                          {"todos", DataType::kList, List{Object{{"done", false}}}},
                                          {"form", DataType::kObject, Object{}},
                                          {.name = "total", .computed = true}})
                        .take(),
                    std::make_shared<const ComputedValues>(nxml::Document{}, engine::Limits{}),
                    "p");
}

engine::PathStep key(std::string name) { return {std::move(name), {}}; }
engine::PathStep at(std::uint32_t index) { return {"", index}; }

std::string written(const std::vector<engine::PathStep>& path, Value value) {
  PanelState state = make_state();
  auto result = state.resolve_write(path, std::move(value));
  if (!result.ok()) {
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    return result.error().message;
  }
  std::vector<engine::Mutation> mutations = {std::move(*result)};
  EXPECT_TRUE(state.apply(mutations).ok());
  return mutations[0].key + "=" + value::to_json(*state.get(mutations[0].key));
}

TEST(PanelState, AWriteReplacesWhatStandsAtThePath) {
  EXPECT_EQ(written({key("n")}, 5), "n=5");
  EXPECT_EQ(written({key("todos"), at(0), key("done")}, true), R"(todos=[{"done":true}])");
  EXPECT_EQ(written({key("todos"), at(0)}, "x"), R"(todos=["x"])");
  EXPECT_EQ(written({key("form"), key("name")}, "x"), R"(form={"name":"x"})");
}

TEST(PanelState, APathThatLeadsNowhereIsNamed) {
  EXPECT_EQ(written({}, 1), "path must start with the name of a State");
  EXPECT_EQ(written({at(0)}, 1), "path must start with the name of a State");
  EXPECT_EQ(written({key("todos"), at(1)}, 1),
            "path step [1] is past the end: the list has 1 items");
  EXPECT_EQ(written({key("todos"), key("0")}, 1), "path step \"0\" does not stand in an object");
  EXPECT_EQ(written({key("n"), at(0)}, 1), "path step [0] does not stand in a list");
  EXPECT_EQ(written({key("form"), key("a"), key("b")}, 1), "path step \"a\" does not exist");
}

TEST(PanelState, AWriteMustFitTheDeclaration) {
  EXPECT_NE(written({key("n")}, List{}).find("n"), std::string::npos);
  EXPECT_NE(written({key("unknown")}, 1).find("unknown"), std::string::npos);
  EXPECT_EQ(written({key("total")}, 1), "state key \"total\" is computed and cannot be written");
}

TEST(PanelState, AppliedMutationsAreTheChangesThatTookPlace) {
  PanelState state = make_state();
  std::vector<engine::Mutation> mutations = {set_key("n", 1), set_key("form", Object{{"a", 1}})};
  ASSERT_TRUE(state.apply(mutations).ok());
  ASSERT_EQ(mutations.size(), 1u) << "n was 1 before";
  EXPECT_EQ(mutations[0].key, "form");
  EXPECT_EQ(state.version(), 1u);
  EXPECT_EQ(*state.get("form"), Value(Object{{"a", 1}}));
}

TEST(PanelState, ASegmentIsAppliedWholeOrNotAtAll) {
  PanelState state = make_state();
  std::vector<engine::Mutation> mutations = {set_key("n", 2), set_key("unknown", 1)};
  const auto applied = state.apply(mutations);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::kStateError);
  EXPECT_EQ(*state.get("n"), Value(1));
  EXPECT_EQ(state.version(), 0u);
}

}  // namespace
}  // namespace nexus::panel
