#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "nexus/nxml/ast.h"
#include "nexus/nxml/build_context_internal.h"

// The forms a property's text takes; reference.md section 2.4. `start` is the offset of the first
// character of `text`, which lives as long as the context's arena, where the answer's parts lie.
// Each function reports what is wrong and then returns nullopt or false.
namespace nexus::nxml {

// Sets `value` to plain text; to a Binding when the whole text is one `{expression}`; to a Template
// when expressions stand among other text. `{}` and braces around blanks are text. False, with
// anything in `value`, after a mistake.
bool parse_text_value(std::string_view text, std::uint32_t start, BuildContext& context,
                      Prop::Value& value);

// An expression with or without one pair of braces around it. `{ id: 1 }` is the object that it
// looks like. False, with anything in `binding`, after a mistake.
bool parse_expression_value(std::string_view text, std::uint32_t start, BuildContext& context, Binding& binding);

// $state.a.b or $scope.item.done; a step may be written ['name'] too, and braces around the path
// are allowed.
std::optional<BindPath> parse_bind_path(std::string_view text, std::uint32_t start, BuildContext& context);

// Names that lead to an object's prototype in JavaScript and so must not name state.
bool is_prototype_name(std::string_view name);

}  // namespace nexus::nxml
