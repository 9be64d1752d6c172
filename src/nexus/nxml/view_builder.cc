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

namespace nexus::nxml {
namespace {

constexpr std::string_view kBindPrefix = "bind:";
constexpr std::string_view kEventPrefix = "on:";
constexpr std::size_t kMaxViewId = 128;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

class NodeBuilder {
 public:
  NodeBuilder(const Element& element, Diagnostics& diagnostics)
      : element_(element), diagnostics_(diagnostics), component_(find_component(element.name)) {}

  std::unique_ptr<ViewNode> build();

 private:
  void report_unknown_component();
  void add_prop(const Attribute& attribute);
  PropSpec spec_of(const Attribute& attribute);
  std::optional<PropValue> read_value(const Attribute& attribute, const PropSpec& spec);
  void check_literal(const Attribute& attribute, const PropSpec& spec, const PropValue& value);
  void check_id(const Attribute& id);
  void check_name(const Attribute& attribute);
  void check_key(const Attribute& key);
  void check_length(const Attribute& length);
  void check_module(const Attribute& module);
  void check_required();
  void warn_about_text();

  const Element& element_;
  Diagnostics& diagnostics_;
  const Component* component_;
  std::unique_ptr<ViewNode> node_ = std::make_unique<ViewNode>();
};

std::unique_ptr<ViewNode> NodeBuilder::build() {
  node_->type = element_.name;
  node_->span = element_.span;
  if (component_ == nullptr) report_unknown_component();
  node_->props.reserve(element_.attributes.size());
  for (const Attribute& attribute : element_.attributes) {
    if (attribute.name == "id") {
      node_->id = attribute.value;
      check_id(attribute);
    } else {
      add_prop(attribute);
    }
  }
  check_required();
  warn_about_text();
  node_->children.reserve(element_.children.size());
  for (const auto& child : element_.children)
    node_->children.push_back(build_view(*child, diagnostics_));
  return std::move(node_);
}

void NodeBuilder::report_unknown_component() {
  if (!diagnostics_.wants(Severity::kWarning)) return;
  diagnostics_.warning(
      kUnknownComponent, element_.span,
      cat({"there is no component <", element_.name.substr(0, 64), ">; it renders nothing",
           did_you_mean(element_.name, component_names())}));
}

void NodeBuilder::add_prop(const Attribute& attribute) {
  const PropSpec spec = spec_of(attribute);
  std::optional<PropValue> value = read_value(attribute, spec);
  if (!value) return;
  check_literal(attribute, spec, *value);
  node_->props.push_back({std::string(attribute.name), std::move(*value), attribute.value_span});
}

// How to read the attribute; one that nobody knows is read as text, after a warning.
PropSpec NodeBuilder::spec_of(const Attribute& attribute) {
  if (component_ == nullptr) {
    const PropSpec* common = find_common_prop(attribute.name);
    return common == nullptr ? PropSpec{attribute.name} : *common;
  }
  if (const PropSpec* known = find_prop(*component_, attribute.name)) return *known;
  if (component_->name == "CustomComponent") {
    if (starts_with(attribute.name, kBindPrefix)) return {attribute.name, PropKind::kExpression};
    if (starts_with(attribute.name, kEventPrefix)) return {attribute.name, PropKind::kName};
  }
  if (diagnostics_.wants(Severity::kWarning)) {
    diagnostics_.warning(kUnknownAttribute, attribute.name_span,
                         cat({"<", component_->name, "> has no property ", quote(attribute.name),
                              did_you_mean(attribute.name, prop_names(*component_))}));
  }
  return {attribute.name};
}

std::optional<PropValue> NodeBuilder::read_value(const Attribute& attribute, const PropSpec& spec) {
  const auto wrap = [](auto maybe) {
    return maybe ? std::optional<PropValue>(std::move(*maybe)) : std::nullopt;
  };
  const Location start = attribute.value_span.start;
  switch (spec.kind) {
    case PropKind::kName:
      return PropValue(std::string(attribute.value));
    case PropKind::kExpression: {
      auto binding = parse_expression_value(attribute.value, start, diagnostics_);
      // A draft keeps the place: what did not parse is not missing.
      return PropValue(binding ? std::move(*binding)
                               : Binding{std::string(attribute.value), nullptr});
    }
    case PropKind::kBindPath:
      return wrap(parse_bind_path(attribute.value, start, diagnostics_));
    case PropKind::kText:
    case PropKind::kFlag:
    case PropKind::kChoice:
    case PropKind::kLength:
      break;
  }
  return parse_text_value(attribute.value, start, diagnostics_);
}

void NodeBuilder::check_literal(const Attribute& attribute, const PropSpec& spec,
                                const PropValue& value) {
  const std::string* text = std::get_if<std::string>(&value);
  if (text == nullptr) return;
  if (spec.name == "as") return check_name(attribute);
  if (spec.name == "key") return check_key(attribute);
  if (spec.kind == PropKind::kLength) return check_length(attribute);
  if (spec.name == "module") return check_module(attribute);
  static constexpr std::string_view kFlags[] = {"true", "false"};
  const auto choices =
      spec.kind == PropKind::kFlag ? std::span<const std::string_view>(kFlags) : spec.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), *text) != choices.end()) return;
  std::string allowed;
  for (const std::string_view choice : choices) {
    if (!allowed.empty()) allowed += ", ";
    allowed += choice;
  }
  diagnostics_.error(kSchemaError, attribute.value_span,
                     cat({spec.name, " of <", element_.name, "> is one of ", allowed, ", not ",
                          quote(*text), did_you_mean(*text, {choices.begin(), choices.end()})}));
}

void NodeBuilder::check_name(const Attribute& attribute) {
  check_identifier(attribute.value, "loop variable", attribute.value_span, diagnostics_);
}

void NodeBuilder::check_id(const Attribute& id) {
  if (id.value.empty() || id.value.size() > kMaxViewId ||
      id.value.find_first_of("{}") != std::string_view::npos) {
    diagnostics_.error(kSchemaError, id.value_span,
                       cat({quote(id.value), " is no id; use plain text of 1 to ",
                            std::to_string(kMaxViewId), " bytes, without bindings"}));
  }
}

void NodeBuilder::check_key(const Attribute& key) {
  if (!key.value.empty() && key.value.find_first_of("{}$") == std::string_view::npos) return;
  diagnostics_.error(
      kSchemaError, key.value_span,
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
  diagnostics_.error(kSchemaError, length.value_span,
                     cat({length.name, " is a number of pixels or a length such as 20rem, not ",
                          quote(length.value)}));
}

// Addresses with other schemes (javascript:, data:) would run text as code.
void NodeBuilder::check_module(const Attribute& module) {
  const std::size_t colon = module.value.find(':');
  if (starts_with(module.value, "https://") || starts_with(module.value, "http://")) return;
  if (!module.value.empty() && colon == std::string_view::npos) return;
  diagnostics_.error(
      kSchemaError, module.value_span,
      cat({quote(module.value),
           " is no module; use a package name, a ./ or ../ path, or an http(s) address"}));
}

void NodeBuilder::check_required() {
  if (component_ == nullptr) return;
  for (const PropSpec& prop : component_->props) {
    if (prop.need == Need::kOptional || element_.find(prop.name) != nullptr) continue;
    const std::string missing = cat({"<", component_->name, "> needs ", quote(prop.name)});
    if (prop.fallback.empty()) {
      diagnostics_.error(kMissingRequired, element_.span, missing);
    } else {
      diagnostics_.warning(kMissingRequired, element_.span,
                           cat({missing, "; without it ", prop.fallback, " is taken"}));
    }
  }
}

void NodeBuilder::warn_about_text() {
  if (!element_.text) return;
  std::string hint;
  for (const std::string_view name : {"content", "label"})
    if (hint.empty() && component_ != nullptr && find_prop(*component_, name) != nullptr)
      hint = cat({"; use its attribute ", quote(name)});
  check_text(element_, hint, diagnostics_);
}

}  // namespace

std::unique_ptr<ViewNode> build_view(const Element& element, Diagnostics& diagnostics) {
  return NodeBuilder(element, diagnostics).build();
}

}  // namespace nexus::nxml
