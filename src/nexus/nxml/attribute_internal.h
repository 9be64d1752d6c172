#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "nexus/nxml/ast.h"
#include "nexus/nxml/diagnostics_internal.h"

// The forms a property's text takes; reference.md section 2.4. `start` is the place of the first
// character of `text` in the file. Each function reports what is wrong and then returns nullopt.
namespace nexus::nxml {

using PropValue = decltype(Prop::value);

// Plain text; a Binding when the whole text is one `{expression}`; a Template when expressions
// stand among other text. `{}` and braces around blanks are text.
std::optional<PropValue> parse_text_value(std::string_view text, Location start,
                                          Diagnostics& diagnostics);

// An expression with or without one pair of braces around it. `{ id: 1 }` is the object that it
// looks like.
std::optional<Binding> parse_expression_value(std::string_view text, Location start,
                                              Diagnostics& diagnostics);

// $state.a.b or $scope.item.done; a step may be written ['name'] too, and braces around the path
// are allowed.
std::optional<BindPath> parse_bind_path(std::string_view text, Location start,
                                        Diagnostics& diagnostics);

// Names that lead to an object's prototype in JavaScript and so must not name state.
bool is_prototype_name(std::string_view name);

}  // namespace nexus::nxml
