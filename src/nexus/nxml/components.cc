#include "nexus/nxml/components_internal.h"

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
constexpr Words kOfflineChoices = {"refuse", "queue"};

// On every component besides `id`, which is no property but the node's name.
constexpr PropSpec kCommonProps[] = {
    {"trigger", PropKind::kName},
    {"args", PropKind::kExpression},
    {"payload", PropKind::kExpression},
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
    {"items", PropKind::kExpression, kNeeded},
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
    {"data", PropKind::kExpression, kNeeded, "[]"},
    {"height", PropKind::kLength},
    {"autoScroll", PropKind::kFlag, kMayMiss, "true"},
    {"wrap", PropKind::kFlag, kMayMiss, "true"},
    {"filter"},
};
constexpr PropSpec kChartProps[] = {
    {"type", PropKind::kChoice, kNeeded, "line", kChartTypes},
    {"data", PropKind::kExpression, kNeeded, "[]"},
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
    {"disabled", PropKind::kFlag, kMayMiss, "false"},
};
constexpr PropSpec kSwitchProps[] = {
    {"bind", PropKind::kBindPath, kNeeded},
    {"label"},
    {"disabled", PropKind::kFlag, kMayMiss, "false"},
};
constexpr PropSpec kButtonProps[] = {
    {"label", PropKind::kText, kNeeded, "Button"},
    {"variant", PropKind::kChoice, kMayMiss, "primary", kButtonVariants},
    {"disabled", PropKind::kFlag, kMayMiss, "false"},
    {"confirm"},
};
constexpr PropSpec kActionProps[] = {
    {"label", PropKind::kText, kNeeded, "Button"},
    {"trigger", PropKind::kName, kNeeded},
    {"variant", PropKind::kChoice, kMayMiss, "primary", kButtonVariants},
    {"disabled", PropKind::kFlag, kMayMiss, "false"},
    {"confirm"},
};
constexpr PropSpec kCustomComponentProps[] = {
    {"module", PropKind::kModule, kNeeded},
    {"component", PropKind::kName, kNeeded},
};

constexpr Component kComponents[] = {
    {"Layout", 12, kLayoutProps},
    {"Container", 12, kContainerProps},
    {"If", 12, kIfProps},
    {"Iterate", 12, kIterateProps},
    {"Text", 12, kTextProps},
    {"Metric", 3, kMetricProps},
    {"StatusBadge", 3, kStatusBadgeProps},
    {"LogStream", 12, kLogStreamProps},
    {"Chart", 6, kChartProps},
    {"Input", 6, kInputProps},
    {"Switch", 3, kSwitchProps},
    {"Button", 3, kButtonProps},
    {"Action", 3, kActionProps},
    {"CustomComponent", 6, kCustomComponentProps},
};

constexpr int kUnknownWeight = 6;

const PropSpec* find_in(std::span<const PropSpec> props, std::string_view name) {
  for (const PropSpec& prop : props)
    if (prop.name == name) return &prop;
  return nullptr;
}

}  // namespace

const Component* find_component(std::string_view type) {
  for (const Component& component : kComponents)
    if (component.name == type) return &component;
  return nullptr;
}

std::vector<std::string_view> component_names() {
  std::vector<std::string_view> names;
  for (const Component& component : kComponents) names.push_back(component.name);
  return names;
}

int layout_weight(std::string_view type) {
  const Component* component = find_component(type);
  return component == nullptr ? kUnknownWeight : component->weight;
}

const PropSpec* find_prop(const Component& component, std::string_view name) {
  const PropSpec* own = find_in(component.props, name);
  return own != nullptr ? own : find_common_prop(name);
}

const PropSpec* find_common_prop(std::string_view name) { return find_in(kCommonProps, name); }

std::vector<std::string_view> prop_names(const Component& component) {
  std::vector<std::string_view> names = {"id"};
  for (const PropSpec& prop : component.props) names.push_back(prop.name);
  for (const PropSpec& prop : kCommonProps) names.push_back(prop.name);
  return names;
}

}  // namespace nexus::nxml
