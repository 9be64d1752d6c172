#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "nexus/nxml/attribute_internal.h"
#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/components_internal.h"
#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/layout_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::string_view kBindPrefix = "bind:";
constexpr std::string_view kEventPrefix = "on:";
constexpr std::size_t kMaxViewId = 128;

constexpr PropSpec kUnknownProp = {.name = {}, .kind = PropKind::kText};
constexpr PropSpec kCustomBinding = {.name = {}, .kind = PropKind::kExpression};
constexpr PropSpec kCustomEvent = {.name = {}, .kind = PropKind::kName};

class NodeBuilder {
 public:
  NodeBuilder(const Element& element, ViewNode& node, BuildContext& context)
      : element_(element),
        node_(node),
        context_(context),
        diagnostics_(context.diagnostics),
        component_(find_component(element.name)) {}

  void build();

 private:
  void report_unknown_component();
  const PropSpec& spec_of(const Attribute& attribute);
  bool read_value(const Attribute& attribute, const PropSpec& spec, Prop::Value& value);
  void check_literal(const Attribute& attribute, const PropSpec& spec, std::string_view text);
  void check_choice(const Attribute& attribute, const PropSpec& spec, std::string_view text);
  void check_id(const Attribute& id);
  void check_key(const Attribute& key);
  void check_length(const Attribute& length);
  void check_module(const Attribute& module);
  void report_missing();
  void warn_about_text();

  const Element& element_;
  ViewNode& node_;
  BuildContext& context_;
  Diagnostics& diagnostics_;
  const Component* component_;
};

void NodeBuilder::build() {
  node_.type = element_.name;
  node_.range = element_.range();
  node_.layout.col_span = component_ == nullptr ? kUnknownWeight : component_->weight;
  if (component_ == nullptr) report_unknown_component();
  const std::span<Prop> props = context_.arena.make_list<Prop>(element_.attributes.size());
  std::size_t count = 0;
  int required = 0;
  for (const Attribute& attribute : element_.attributes) {
    if (equals(attribute.name, "id")) {
      node_.id = attribute.value;
      check_id(attribute);
      continue;
    }
    const PropSpec& spec = spec_of(attribute);
    if (spec.need == Need::kRequired) ++required;
    Prop& prop = props[count];
    if (!read_value(attribute, spec, prop.value)) continue;
    prop.name = attribute.name;
    prop.range = attribute.value_range();
    prop.kind = spec.kind;
    ++count;
    if (const auto* text = std::get_if<std::string_view>(&prop.value))
      check_literal(attribute, spec, *text);
  }
  node_.props = props.first(count);
  if (component_ != nullptr && required < component_->required) report_missing();
  if (element_.text) warn_about_text();
  node_.children = context_.arena.make_list<ViewNode>(element_.children.size());
  ViewNode* next = node_.children.data();
  for (const Element& child : element_.children) build_view(child, *next++, context_);
  lay_out_children(node_);
}

void NodeBuilder::report_unknown_component() {
  if (!diagnostics_.wants(Severity::kWarning)) return;
  diagnostics_.warning(
      kUnknownComponent, element_.range(),
      cat({"there is no component <", element_.name.substr(0, 64), ">; it renders nothing",
           did_you_mean(element_.name, component_names())}));
}

// How to read the attribute; one that nobody knows is read as text, after a warning.
const PropSpec& NodeBuilder::spec_of(const Attribute& attribute) {
  if (component_ == nullptr) {
    const PropSpec* common = find_common_prop(attribute.name);
    return common == nullptr ? kUnknownProp : *common;
  }
  if (const PropSpec* known = find_prop(*component_, attribute.name)) return *known;
  if (component_->name == "CustomComponent") {
    if (attribute.name.starts_with(kBindPrefix)) return kCustomBinding;
    if (attribute.name.starts_with(kEventPrefix)) return kCustomEvent;
  }
  if (diagnostics_.wants(Severity::kWarning)) {
    diagnostics_.warning(kUnknownAttribute, attribute.name_range(),
                         cat({"<", component_->name, "> has no property ", quote(attribute.name),
                              did_you_mean(attribute.name, prop_names(*component_))}));
  }
  return kUnknownProp;
}

// False when there is nothing to keep.
bool NodeBuilder::read_value(const Attribute& attribute, const PropSpec& spec,
                             Prop::Value& value) {
  switch (spec.kind) {
    case PropKind::kName:
    case PropKind::kTrigger:
    case PropKind::kVariable:
    case PropKind::kKey:
    case PropKind::kModule:
      value = attribute.value;
      return true;
    case PropKind::kExpression:
    case PropKind::kItems:
    case PropKind::kArgs:
    case PropKind::kPayload: {
      Binding& binding = value.emplace<Binding>();
      // A draft keeps the place: what did not parse is not missing.
      if (!parse_expression_value(attribute.value, attribute.value_at(), context_, binding))
        binding = Binding{attribute.value, nullptr};
      return true;
    }
    case PropKind::kBindPath: {
      const auto path = parse_bind_path(attribute.value, attribute.value_at(), context_);
      if (path) value = *path;
      return path.has_value();
    }
    case PropKind::kText:
    case PropKind::kFlag:
    case PropKind::kChoice:
    case PropKind::kLength:
      break;
  }
  return parse_text_value(attribute.value, attribute.value_at(), context_, value);
}

void NodeBuilder::check_literal(const Attribute& attribute, const PropSpec& spec,
                                std::string_view text) {
  switch (spec.kind) {
    case PropKind::kVariable:
      return check_identifier(text, "loop variable", attribute.value_range(), diagnostics_);
    case PropKind::kKey:
      return check_key(attribute);
    case PropKind::kModule:
      return check_module(attribute);
    case PropKind::kLength:
      return check_length(attribute);
    case PropKind::kFlag:
    case PropKind::kChoice:
      return check_choice(attribute, spec, text);
    case PropKind::kText:
    case PropKind::kExpression:
    case PropKind::kItems:
    case PropKind::kArgs:
    case PropKind::kPayload:
    case PropKind::kBindPath:
    case PropKind::kName:
    case PropKind::kTrigger:
      break;
  }
}

void NodeBuilder::check_choice(const Attribute& attribute, const PropSpec& spec,
                               std::string_view text) {
  const auto choices = spec.choices;
  for (const std::string_view choice : choices)
    if (same_name(choice, text)) return;
  std::string allowed;
  for (const std::string_view choice : choices) {
    if (!allowed.empty()) allowed += ", ";
    allowed += choice;
  }
  diagnostics_.error(kSchemaError, attribute.value_range(),
                     cat({spec.name, " of <", element_.name, "> is one of ", allowed, ", not ",
                          quote(text), did_you_mean(text, {choices.begin(), choices.end()})}));
}

void NodeBuilder::check_id(const Attribute& id) {
  if (id.value.empty() || id.value.size() > kMaxViewId ||
      id.value.find_first_of("{}") != std::string_view::npos) {
    diagnostics_.error(kSchemaError, id.value_range(),
                       cat({quote(id.value), " is no id; use plain text of 1 to ",
                            std::to_string(kMaxViewId), " bytes, without bindings"}));
  }
}

void NodeBuilder::check_key(const Attribute& key) {
  if (!key.value.empty() && key.value.find_first_of("{}$") == std::string_view::npos) return;
  diagnostics_.error(
      kSchemaError, key.value_range(),
      cat({"key is the name of a property of each item, such as id, not ", quote(key.value)}));
}

void NodeBuilder::check_length(const Attribute& length) {
  double number = 0;
  const std::string_view text = trim(length.value);
  const char* const end = text.data() + text.size();
  const auto [unit, problem] = std::from_chars(text.data(), end, number);
  static constexpr std::string_view kUnits[] = {"", "px", "rem", "em", "vh", "%"};
  const std::string_view rest(unit, static_cast<std::size_t>(end - unit));
  if (problem == std::errc() && number >= 0 && std::isfinite(number) &&
      std::find(std::begin(kUnits), std::end(kUnits), rest) != std::end(kUnits))
    return;
  diagnostics_.error(kSchemaError, length.value_range(),
                     cat({length.name, " is a number of pixels or a length such as 20rem, not ",
                          quote(length.value)}));
}

// Addresses with other schemes (javascript:, data:) would run text as code.
void NodeBuilder::check_module(const Attribute& module) {
  const std::size_t colon = module.value.find(':');
  if (module.value.starts_with("https://") || module.value.starts_with("http://")) return;
  if (!module.value.empty() && colon == std::string_view::npos) return;
  diagnostics_.error(
      kSchemaError, module.value_range(),
      cat({quote(module.value),
           " is no module; use a package name, a ./ or ../ path, or an http(s) address"}));
}

void NodeBuilder::report_missing() {
  for (const PropSpec& prop : component_->props) {
    if (prop.need == Need::kOptional || element_.find(prop.name) != nullptr) continue;
    const std::string missing = cat({"<", component_->name, "> needs ", quote(prop.name)});
    if (prop.fallback.empty()) {
      diagnostics_.error(kMissingRequired, element_.range(), missing);
    } else {
      diagnostics_.warning(kMissingRequired, element_.range(),
                           cat({missing, "; without it ", prop.fallback, " is taken"}));
    }
  }
}

void NodeBuilder::warn_about_text() {
  std::string hint;
  for (const std::string_view name : {"content", "label"})
    if (hint.empty() && component_ != nullptr && find_prop(*component_, name) != nullptr)
      hint = cat({"; use its attribute ", quote(name)});
  check_text(element_, hint, diagnostics_);
}

}  // namespace

void build_view(const Element& element, ViewNode& node, BuildContext& context) {
  NodeBuilder(element, node, context).build();
}

}  // namespace nexus::nxml
