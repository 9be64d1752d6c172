#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "nexus/nxml/components_internal.h"
#include "nexus/nxml/layout_internal.h"

namespace nexus::nxml {
namespace {

std::unique_ptr<ViewNode> node(std::string type, const std::vector<std::string>& children = {}) {
  auto made = std::make_unique<ViewNode>();
  made->type = std::move(type);
  for (const std::string& child : children) made->children.push_back(node(child));
  return made;
}

// The children's places, for example "3 6 12!": a '!' starts a new row.
std::string places(const ViewNode& parent) {
  std::string out;
  for (const auto& child : parent.children) {
    if (!out.empty()) out += ' ';
    out += std::to_string(child->layout.col_span) + (child->layout.new_row ? "!" : "");
  }
  return out;
}

TEST(Layout, GivesEachComponentItsWeight) {
  const std::vector<std::pair<std::string, int>> weights = {
      {"Metric", 3},   {"StatusBadge", 3}, {"Switch", 3},         {"Button", 3},
      {"Action", 3},   {"Chart", 6},       {"Input", 6},          {"LogStream", 12},
      {"Text", 12},    {"Container", 12},  {"Layout", 12},        {"If", 12},
      {"Iterate", 12}, {"Spinner", 6},     {"CustomComponent", 6}};
  for (const auto& [type, weight] : weights) {
    const auto root = node(type);
    lay_out(*root);
    EXPECT_EQ(root->layout.col_span, weight) << type;
    EXPECT_FALSE(root->layout.new_row) << type;
  }
}

TEST(Layout, StartsARowWhenTwelveColumnsAreFull) {
  const auto root =
      node("Layout", {"Metric", "Metric", "Chart", "Button", "Input", "Metric", "Text", "Metric"});
  lay_out(*root);
  // 3+3+6 fills the row exactly; 3+6+3 the next; the 12 and the last 3 each overflow.
  EXPECT_EQ(places(*root), "3 3 6 3! 6 3 12! 3!");
}

TEST(Layout, NeverStartsARowBeforeTheFirstChild) {
  const auto root = node("Layout", {"Text", "Text"});
  lay_out(*root);
  EXPECT_EQ(places(*root), "12 12!");
}

TEST(Layout, PacksOnlyTheChildrenOfAutomaticLayouts) {
  const std::vector<std::string> children = {"Text", "Text", "Chart"};
  for (const std::string strategy : {"stack", "row", "auto"}) {
    const auto root = node("Layout", children);
    root->props.push_back({"strategy", strategy, {}});
    lay_out(*root);
    EXPECT_EQ(places(*root), strategy == "auto" ? "12 12! 6!" : "12 12 6") << strategy;
  }
  const auto bound = node("Layout", children);
  bound->props.push_back({"strategy", Binding{"$state.s", nullptr}, {}});
  lay_out(*bound);
  EXPECT_EQ(places(*bound), "12 12 6");
  const auto container = node("Container", children);
  lay_out(*container);
  EXPECT_EQ(places(*container), "12 12 6");
}

TEST(Layout, ReachesEveryLevel) {
  const auto root = node("If");
  root->children.push_back(node("Layout", {"Text", "Metric"}));
  lay_out(*root);
  EXPECT_EQ(places(*root->children.front()), "12 3!");
}

TEST(Components, HaveConsistentTables) {
  for (const std::string_view name : component_names()) {
    const Component* component = find_component(name);
    ASSERT_NE(component, nullptr);
    EXPECT_GT(component->weight, 0);
    EXPECT_LE(component->weight, 12);
    for (const PropSpec& prop : component->props) {
      EXPECT_EQ(prop.kind == PropKind::kChoice, !prop.choices.empty()) << name << "." << prop.name;
      EXPECT_NE(prop.name, "id") << name;
      if (prop.kind != PropKind::kChoice || prop.fallback.empty()) continue;
      EXPECT_NE(std::find(prop.choices.begin(), prop.choices.end(), prop.fallback),
                prop.choices.end())
          << name << "." << prop.name;
    }
  }
}

}  // namespace
}  // namespace nexus::nxml
