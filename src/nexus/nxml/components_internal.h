#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "nexus/nxml/ast.h"

namespace nexus::nxml {

enum class Need { kOptional, kRequired };

// One property of a component; reference.md section 2.5.
struct PropSpec {
  std::string_view name;
  PropKind kind = PropKind::kText;
  Need need = Need::kOptional;
  // What clients take when the document gives none. A required property without one is an error
  // when missing, one with it a warning.
  std::string_view fallback = {};
  std::span<const std::string_view> choices = {};  // of kChoice and kFlag
};

struct Component {
  std::string_view name;
  int weight;  // columns out of 12; reference.md section 2.6
  std::span<const PropSpec> props;
  int required;  // how many of `props` are
};

// nullptr when the library has no such component.
const Component* find_component(std::string_view type);
std::vector<std::string_view> component_names();

// The columns that a component outside the library asks for.
inline constexpr int kUnknownWeight = 6;

// The property `name` of `component`, the ones every component has included; nullptr when there is
// none.
const PropSpec* find_prop(const Component& component, std::string_view name);
// The property every component has under that name (trigger, args, payload); nullptr when there is
// none.
const PropSpec* find_common_prop(std::string_view name);
std::vector<std::string_view> prop_names(const Component& component);

}  // namespace nexus::nxml
