#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "nexus/nxml/components_internal.h"
#include "nexus/nxml/layout_internal.h"
#include "nexus/nxml/nxml.h"

namespace nexus::nxml {
namespace {

Arena& arena() {
  static Arena kept;
  return kept;
}

ViewNode node(std::string_view type, const std::vector<std::string_view>& children = {}) {
  ViewNode made;
  made.type = type;
  const Component* component = find_component(type);
  made.layout.col_span = component == nullptr ? kUnknownWeight : component->weight;
  made.children = arena().make_list<ViewNode>(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) made.children[i] = node(children[i]);
  return made;
}

void set_strategy(ViewNode& layout, Prop::Value value) {
  const std::vector<Prop> props = {{"strategy", value, {}}};
  layout.props = arena().copy(std::span<const Prop>(props));
}

// The children's places, for example "3 6 12!": a '!' starts a new row.
std::string places(const ViewNode& parent) {
  std::string out;
  for (const ViewNode& child : parent.children) {
    if (!out.empty()) out += ' ';
    out += std::to_string(child.layout.col_span) + (child.layout.new_row ? "!" : "");
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
    const ParseResult result = parse("<NexusPanel title='T'><View><" + type + "/></View></NexusPanel>");
    const auto& document = result.document != nullptr ? result.document : result.draft;
    ASSERT_NE(document, nullptr);
    EXPECT_EQ(document->view.layout.col_span, weight) << type;
    EXPECT_FALSE(document->view.layout.new_row) << type;
  }
}

TEST(Layout, StartsARowWhenTwelveColumnsAreFull) {
  ViewNode root =
      node("Layout", {"Metric", "Metric", "Chart", "Button", "Input", "Metric", "Text", "Metric"});
  lay_out_children(root);
  // 3+3+6 fills the row exactly; 3+6+3 the next; the 12 and the last 3 each overflow.
  EXPECT_EQ(places(root), "3 3 6 3! 6 3 12! 3!");
}

TEST(Layout, NeverStartsARowBeforeTheFirstChild) {
  ViewNode root = node("Layout", {"Text", "Text"});
  lay_out_children(root);
  EXPECT_EQ(places(root), "12 12!");
}

TEST(Layout, PacksOnlyTheChildrenOfAutomaticLayouts) {
  const std::vector<std::string_view> children = {"Text", "Text", "Chart"};
  for (const std::string_view strategy : {"stack", "row", "auto"}) {
    ViewNode root = node("Layout", children);
    set_strategy(root, strategy);
    lay_out_children(root);
    EXPECT_EQ(places(root), strategy == "auto" ? "12 12! 6!" : "12 12 6") << strategy;
  }
  ViewNode bound = node("Layout", children);
  set_strategy(bound, Binding{"$state.s", nullptr});
  lay_out_children(bound);
  EXPECT_EQ(places(bound), "12 12 6");
  ViewNode container = node("Container", children);
  lay_out_children(container);
  EXPECT_EQ(places(container), "12 12 6");
}

TEST(Layout, ReachesEveryLevel) {
  const ParseResult result = parse(
      "<NexusPanel title='T'><View><If condition='true'><Layout><Text content='a'/><Metric label='b' value='c'/></Layout>"
      "</If></View></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  EXPECT_EQ(places(result.document->view.children.front()), "12 3!");
}

TEST(Components, HaveConsistentTables) {
  for (const std::string_view name : component_names()) {
    const Component* component = find_component(name);
    ASSERT_NE(component, nullptr);
    EXPECT_GT(component->weight, 0);
    EXPECT_LE(component->weight, 12);
    for (const PropSpec& prop : component->props) {
      EXPECT_EQ(prop.kind == PropKind::kChoice || prop.kind == PropKind::kFlag, !prop.choices.empty()) << name << "." << prop.name;
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
