#include <algorithm>
#include <array>
#include <utility>

#include "nexus/nxml/attribute_internal.h"
#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/components_internal.h"
#include "nexus/nxml/cursor_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::size_t kMaxIdentifier = 64;

// Where an element belongs, for the message about one in a wrong place.
std::string_view home_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kHomes = {{
      {"Data", "NexusPanel"},
      {"Logic", "NexusPanel"},
      {"View", "NexusPanel"},
      {"State", "Data"},
      {"Computed", "Data"},
      {"Extension", "Logic"},
      {"Tool", "Logic"},
      {"Lifecycle", "Logic"},
      {"Arg", "Tool"},
      {"Capabilities", "Tool"},
      {"Capability", "Capabilities"},
      {"Trigger", "Tool"},
      {"Handler", "Tool"},
  }};
  for (const auto& [element, home] : kHomes)
    if (element == name) return home;
  return find_component(name) != nullptr ? "View" : std::string_view();
}

bool is_identifier(std::string_view name) {
  return !name.empty() && name.size() <= kMaxIdentifier && is_identifier_start(name.front()) &&
         std::all_of(name.begin(), name.end(), is_identifier_part);
}

}  // namespace

void check_attributes(const Element& element, Names known, Diagnostics& diagnostics) {
  for (const Attribute& attribute : element.attributes) {
    if (std::find(known.begin(), known.end(), attribute.name) != known.end()) continue;
    if (!diagnostics.wants(Severity::kWarning)) continue;
    diagnostics.warning(kUnknownAttribute, attribute.name_range(),
                        cat({"<", element.name, "> has no attribute ", quote(attribute.name),
                             did_you_mean(attribute.name, std::vector(known))}));
  }
}

void check_empty(const Element& element, Diagnostics& diagnostics) {
  for (const Element& child : element.children) {
    diagnostics.error(kParseError, child.range(),
                      cat({"<", element.name, "> takes no elements; close it with '/>'"}));
  }
  if (element.text) {
    diagnostics.error(kParseError, *element.text,
                      cat({"<", element.name, "> takes no text; use its attributes"}));
  }
}

void check_text(const Element& element, std::string_view hint, Diagnostics& diagnostics) {
  if (!element.text || !diagnostics.wants(Severity::kWarning)) return;
  diagnostics.warning(kIgnoredText, *element.text,
                      cat({"text inside <", element.name.substr(0, 64), "> is ignored", hint}));
}

const Attribute* require(const Element& element, std::string_view attribute,
                         Diagnostics& diagnostics) {
  const Attribute* found = element.find(attribute);
  if (found == nullptr) {
    diagnostics.error(kParseError, element.range(),
                      cat({"<", element.name, "> needs the attribute ", quote(attribute)}));
  }
  return found;
}

std::string require_identifier(const Element& element, Diagnostics& diagnostics) {
  const Attribute* name = require(element, "name", diagnostics);
  if (name == nullptr) return {};
  check_identifier(name->value, element.name, name->value_range(), diagnostics);
  return std::string(name->value);
}

void check_identifier(std::string_view name, std::string_view what, Range range,
                      Diagnostics& diagnostics) {
  if (is_prototype_name(name)) {
    diagnostics.error(kInvalidIdentifier, range,
                      cat({quote(name), " cannot name the ", what, "; the word is reserved"}));
  } else if (!is_identifier(name)) {
    diagnostics.error(
        kInvalidIdentifier, range,
        cat({quote(name), " cannot name the ", what, "; use 1 to ", std::to_string(kMaxIdentifier),
             " letters, digits, '_' or '$', not starting with a digit"}));
  }
}

std::optional<std::string> optional_text(const Element& element, std::string_view attribute) {
  const Attribute* found = element.find(attribute);
  return found == nullptr ? std::nullopt : std::optional<std::string>(found->value);
}

DataType read_type(const Element& element, Diagnostics& diagnostics) {
  const Attribute* type = element.find("type");
  if (type == nullptr) return DataType::kString;
  if (const auto parsed = value::parse_data_type(type->value)) return *parsed;
  diagnostics.error(
      kInvalidType, type->value_range(),
      cat({quote(type->value), " is no type; use string, number, boolean, list or object",
           did_you_mean(type->value, {"string", "number", "boolean", "list", "object"})}));
  return DataType::kString;
}

std::optional<value::Value> read_default(const Element& element, DataType type,
                                         Diagnostics& diagnostics) {
  const Attribute* text = element.find("default");
  if (text == nullptr) return std::nullopt;
  Result<value::Value> coerced = value::coerce_text(type, text->value);
  if (coerced.ok()) return std::move(coerced).take();
  diagnostics.error(kInvalidType, text->value_range(),
                    cat({"the default of ", quote(optional_text(element, "name").value_or("")),
                         " does not fit its type: ", coerced.error().message}));
  return std::nullopt;
}

Handler read_handler(const Element& element, Diagnostics& diagnostics) {
  const Element* found = nullptr;
  for (const Element& child : element.children) {
    if (child.name != "Handler") continue;
    if (found != nullptr) {
      diagnostics.warning(kDuplicateHandler, child.range(),
                          cat({"this <", element.name, "> has a handler already; this one wins"}));
    }
    found = &child;
    check_attributes(child, {}, diagnostics);
  }
  if (found != nullptr)
    return {std::string(found->raw->code), diagnostics.locate(found->raw->start)};
  diagnostics.error(kParseError, element.range(), cat({"<", element.name, "> needs a <Handler>"}));
  return {};
}

void report_unknown(const Element& child, const Element& parent, Names known,
                    Diagnostics& diagnostics) {
  const std::string_view home = home_of(child.name);
  const std::string hint = home.empty() || home == parent.name
                               ? did_you_mean(child.name, std::vector(known))
                               : cat({"; it belongs into <", home, ">"});
  diagnostics.error(
      kParseError, child.range(),
      cat({"unexpected <", child.name.substr(0, 64), "> in <", parent.name, ">", hint}));
}

}  // namespace nexus::nxml
