#include "nexus/nxml/components_internal.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "nexus/nxml/name_table_internal.h"

namespace nexus::nxml {
namespace {

using Words = std::string_view[];

constexpr Need kNeeded = Need::kRequired;
constexpr Need kMayMiss = Need::kOptional;

constexpr Words kStrategies = {"auto", "stack", "row"};
constexpr Words kGaps = {"sm", "md", "lg"};
constexpr Words kAlignments = {"start", "center", "end", "stretch"};
constexpr Words kContainerVariants = {"card", "panel", "section", "transparent"};
constexpr Words kTextVariants = {"h1", "h2", "h3", "h4", "body", "code", "caption"};
constexpr Words kTrends = {"up", "down", "neutral", "flat"};
constexpr Words kStatuses = {"success", "warn", "error", "info"};
constexpr Words kChartTypes = {"line", "bar", "pie", "area"};
constexpr Words kInputTypes = {"text", "number", "password", "email"};
constexpr Words kButtonVariants = {"primary", "secondary", "danger", "ghost"};
constexpr Words kFlags = {"true", "false"};
constexpr Words kOfflineChoices = {"refuse", "queue"};

// On every component besides `id`, which is no property but the node's name.
constexpr PropSpec kCommonProps[] = {
    {"trigger", PropKind::kTrigger},
    {"args", PropKind::kArgs},
    {"payload", PropKind::kPayload},
    {"offline", PropKind::kChoice, kMayMiss, "refuse", kOfflineChoices},
};

constexpr PropSpec kLayoutProps[] = {
    {"strategy", PropKind::kChoice, kMayMiss, "auto", kStrategies},
    {"gap", PropKind::kChoice, kMayMiss, "md", kGaps},
    {"align", PropKind::kChoice, kMayMiss, {}, kAlignments},
    {"justify", PropKind::kChoice, kMayMiss, {}, kAlignments},
};
constexpr PropSpec kContainerProps[] = {
    {"title"},
    {"variant", PropKind::kChoice, kMayMiss, "card", kContainerVariants},
};
constexpr PropSpec kIfProps[] = {
    {"condition", PropKind::kExpression, kNeeded},
};
constexpr PropSpec kIterateProps[] = {
    {"items", PropKind::kItems, kNeeded},
    {"as", PropKind::kVariable, kNeeded, "item"},
    {"key", PropKind::kKey, kMayMiss},
    {"empty"},
};
constexpr PropSpec kTextProps[] = {
    {"content", PropKind::kText, kNeeded, "\"\""},
    {"variant", PropKind::kChoice, kMayMiss, "body", kTextVariants},
};
constexpr PropSpec kMetricProps[] = {
    {"label", PropKind::kText, kNeeded, "\"\""},
    {"value", PropKind::kText, kNeeded, "\"\""},
    {"unit"},
    {"trend", PropKind::kChoice, kMayMiss, {}, kTrends},
};
constexpr PropSpec kStatusBadgeProps[] = {
    {"label", PropKind::kText, kNeeded, "\"\""},
    {"status", PropKind::kChoice, kMayMiss, "info", kStatuses},
    {"value"},
};
constexpr PropSpec kLogStreamProps[] = {
    {"data", PropKind::kItems, kNeeded, "[]"},
    {"height", PropKind::kLength},
    {"autoScroll", PropKind::kFlag, kMayMiss, "true", kFlags},
    {"wrap", PropKind::kFlag, kMayMiss, "true", kFlags},
    {"filter"},
};
constexpr PropSpec kChartProps[] = {
    {"type", PropKind::kChoice, kNeeded, "line", kChartTypes},
    {"data", PropKind::kItems, kNeeded, "[]"},
    {"xKey"},
    {"yKey"},
    {"height", PropKind::kLength},
    {"title"},
    {"unit"},
};
constexpr PropSpec kInputProps[] = {
    {"bind", PropKind::kBindPath, kNeeded},
    {"placeholder"},
    {"label"},
    {"helper"},
    {"inputType", PropKind::kChoice, kMayMiss, "text", kInputTypes},
    {"min"},
    {"max"},
    {"step"},
    {"disabled", PropKind::kFlag, kMayMiss, "false", kFlags},
};
constexpr PropSpec kSwitchProps[] = {
    {"bind", PropKind::kBindPath, kNeeded},
    {"label"},
    {"disabled", PropKind::kFlag, kMayMiss, "false", kFlags},
};
constexpr PropSpec kButtonProps[] = {
    {"label", PropKind::kText, kNeeded, "Button"},
    {"variant", PropKind::kChoice, kMayMiss, "primary", kButtonVariants},
    {"disabled", PropKind::kFlag, kMayMiss, "false", kFlags},
    {"confirm"},
};
constexpr PropSpec kActionProps[] = {
    {"label", PropKind::kText, kNeeded, "Button"},
    {"trigger", PropKind::kTrigger, kNeeded},
    {"variant", PropKind::kChoice, kMayMiss, "primary", kButtonVariants},
    {"disabled", PropKind::kFlag, kMayMiss, "false", kFlags},
    {"confirm"},
};
constexpr PropSpec kCustomComponentProps[] = {
    {"module", PropKind::kModule, kNeeded},
    {"component", PropKind::kName, kNeeded},
};

constexpr Component component(std::string_view name, int weight, std::span<const PropSpec> props) {
  const auto required = std::count_if(props.begin(), props.end(),
                                      [](const PropSpec& prop) { return prop.need == Need::kRequired; });
  return {name, weight, props, static_cast<int>(required)};
}

constexpr Component kComponents[] = {
    component("Layout", 12, kLayoutProps),
    component("Container", 12, kContainerProps),
    component("If", 12, kIfProps),
    component("Iterate", 12, kIterateProps),
    component("Text", 12, kTextProps),
    component("Metric", 3, kMetricProps),
    component("StatusBadge", 3, kStatusBadgeProps),
    component("LogStream", 12, kLogStreamProps),
    component("Chart", 6, kChartProps),
    component("Input", 6, kInputProps),
    component("Switch", 3, kSwitchProps),
    component("Button", 3, kButtonProps),
    component("Action", 3, kActionProps),
    component("CustomComponent", 6, kCustomComponentProps),
};

template <typename Item, std::size_t kCount>
consteval NameTable<kCount> table_of(const Item (&items)[kCount]) {
  std::array<std::string_view, kCount> names{};
  for (std::size_t i = 0; i < kCount; ++i) names[i] = items[i].name;
  return NameTable<kCount>(names);
}

constexpr NameTable kComponentTable = table_of(kComponents);
constexpr NameTable kCommonPropTable = table_of(kCommonProps);

// Every name that a property of some component has, each once.
constexpr std::size_t kMaxPropNames = 64;
struct PropNames {
  std::array<std::string_view, kMaxPropNames> names{};
  std::size_t count = 0;

  constexpr void add(std::string_view name) {
    if (std::find(names.begin(), names.begin() + count, name) == names.begin() + count) names[count++] = name;
  }
};
constexpr PropNames collect_prop_names() {
  PropNames found;
  for (const Component& component : kComponents)
    for (const PropSpec& prop : component.props) found.add(prop.name);
  for (const PropSpec& prop : kCommonProps) found.add(prop.name);
  return found;
}
constexpr PropNames kPropNames = collect_prop_names();
constexpr auto kPropTable = [] {
  std::array<std::string_view, kPropNames.count> names{};
  std::copy_n(kPropNames.names.begin(), names.size(), names.begin());
  return NameTable<kPropNames.count>(names);
}();

// The property that each component has under each name of kPropTable; nullptr for none.
using PropsByName = std::array<const PropSpec*, kPropNames.count>;
constexpr auto kPropsOf = [] {
  std::array<PropsByName, std::size(kComponents)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const PropSpec& prop : kCommonProps) all[i][kPropTable.position_of(prop.name)] = &prop;
    for (const PropSpec& prop : kComponents[i].props) all[i][kPropTable.position_of(prop.name)] = &prop;
  }
  return all;
}();

}  // namespace

const Component* find_component(std::string_view type) {
  const std::size_t found = kComponentTable.find(type);
  return found == kComponentTable.kNone ? nullptr : &kComponents[found];
}

std::vector<std::string_view> component_names() {
  std::vector<std::string_view> names;
  for (const Component& component : kComponents) names.push_back(component.name);
  return names;
}

const PropSpec* find_prop(const Component& component, std::string_view name) {
  const std::size_t candidate = kPropTable.candidate(name);
  if (candidate == kPropTable.kNone) return nullptr;
  const PropSpec* const prop = kPropsOf[static_cast<std::size_t>(&component - kComponents)][candidate];
  return prop != nullptr && same_name(prop->name, name) ? prop : nullptr;
}

const PropSpec* find_common_prop(std::string_view name) {
  const std::size_t found = kCommonPropTable.find(name);
  return found == kCommonPropTable.kNone ? nullptr : &kCommonProps[found];
}

std::vector<std::string_view> prop_names(const Component& component) {
  std::vector<std::string_view> names = {"id"};
  for (const PropSpec& prop : component.props) names.push_back(prop.name);
  for (const PropSpec& prop : kCommonProps) names.push_back(prop.name);
  return names;
}

}  // namespace nexus::nxml
