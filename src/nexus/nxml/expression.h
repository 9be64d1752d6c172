#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/error.h"

namespace nexus::nxml {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

// One node of a view expression: the whitelisted subset of JavaScript that browsers interpret without
// eval (design.md D8). The JSON form of each node is in docs/PROTOCOL.md under "Expressions".
struct Expression {
  enum class Kind {
    kLiteral,      // null, true, false, number, string, undefined
    kName,         // $state, $scope, an arrow parameter, or one of the pure globals (Math, JSON, ...)
    kMember,       // object.name, optional: object?.name
    kIndex,        // object[index], optional: object?.[index]
    kCall,         // callee(arguments), optional: callee?.(arguments)
    kUnary,        // ! - + typeof
    kBinary,       // + - * / % ** == != === !== < <= > >= in
    kLogical,      // && || ??
    kConditional,  // test ? yes : no
    kArray,
    kObject,
    kArrow,        // (a, b) => expression
    kTemplate,     // `text ${expression}`
    kSpread,       // inside arrays, objects and arguments
    kParen,        // parentheses that end an optional chain
  };
  Kind kind = Kind::kLiteral;
  bool optional = false;
  std::variant<std::monostate, bool, double, std::string> literal;  // monostate with text "undefined" or "null"
  std::string text;                      // name, operator
  std::vector<std::string> names;        // arrow parameters
  std::vector<ExpressionPtr> children;   // operands in source order
  // kObject: one entry per member; key is in `keys` at the same index, empty key with a kSpread child
  // for spreads, computed keys carry their expression in `computed_keys`.
  std::vector<std::string> keys;
  std::vector<ExpressionPtr> computed_keys;
  // kTemplate: texts[i] stands before children[i]; one more text than children.
  std::vector<std::string> texts;
  Location location;  // in the file
};

struct ExpressionError {
  std::string message;
  Location location;
};

// Parses one expression whose first character stands at `start` of the file. On failure the result is
// nullptr and `error` is set: what the subset lacks is an error at load, not a surprise at run time.
ExpressionPtr parse_expression(std::string_view source, Location start, ExpressionError& error);

// Appends the JSON form.
void write_json(const Expression& expression, std::string& out);

// Calls `visit` with every node, parents first.
template <typename Visit>
void for_each_node(const Expression& expression, const Visit& visit) {
  visit(expression);
  for (const auto& child : expression.children)
    if (child) for_each_node(*child, visit);
  for (const auto& key : expression.computed_keys)
    if (key) for_each_node(*key, visit);
}

}  // namespace nexus::nxml
