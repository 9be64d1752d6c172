#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "nexus/base/arena.h"
#include "nexus/nxml/ast.h"
#include "nexus/nxml/diagnostics_internal.h"

// The forms a property's text takes; reference.md section 2.4. `start` is the offset of the first
// character of `text`, which lives as long as `arena`, where the answer's parts lie. Each function
// reports what is wrong and then returns nullopt.
namespace nexus::nxml {

// Plain text; a Binding when the whole text is one `{expression}`; a Template when expressions
// stand among other text. `{}` and braces around blanks are text.
std::optional<Prop::Value> parse_text_value(std::string_view text, std::uint32_t start,
                                            Arena& arena, Diagnostics& diagnostics);

// An expression with or without one pair of braces around it. `{ id: 1 }` is the object that it
// looks like.
std::optional<Binding> parse_expression_value(std::string_view text, std::uint32_t start,
                                              Arena& arena, Diagnostics& diagnostics);

// $state.a.b or $scope.item.done; a step may be written ['name'] too, and braces around the path
// are allowed.
std::optional<BindPath> parse_bind_path(std::string_view text, std::uint32_t start, Arena& arena,
                                        Diagnostics& diagnostics);

// Names that lead to an object's prototype in JavaScript and so must not name state.
bool is_prototype_name(std::string_view name);

}  // namespace nexus::nxml
