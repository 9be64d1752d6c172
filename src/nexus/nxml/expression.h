#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "nexus/base/arena.h"

namespace nexus::nxml {

// One node of a view expression: the whitelisted subset of JavaScript that browsers interpret without eval (design.md
// D8). The JSON form of each node is in docs/PROTOCOL.md under "Expressions". Nodes lie in an arena; views are into it,
// into the text that was parsed, or to literals.
struct Expression {
  enum class Kind : std::uint8_t {
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
    kComputedMember,  // inside objects, [key]: value
    kArrow,           // (a, b) => expression
    kTemplate,        // `text ${expression}`
    kSpread,          // inside arrays, objects and arguments
    kParen,           // parentheses that end an optional chain
  };
  enum class Literal : std::uint8_t { kUndefined, kNull, kFalse, kTrue, kNumber, kString };
  enum class Root : std::uint8_t { kNone, kState, kScope };

  Kind kind = Kind::kLiteral;
  Literal literal = Literal::kUndefined;  // of kLiteral
  Root root = Root::kNone;                // kName: which of the two it is, if any
  bool optional = false;
  std::uint32_t at = 0;  // the offset in the text, counted from the `start` given to the parser
  std::string_view text;  // a name, an operator, or what a string literal stands for
  double number = 0;
  std::span<const Expression* const> children;  // operands in source order
  // kArrow: its parameters. kObject: the key of each child, empty for spreads and computed members. kTemplate:
  // words[i] stands before children[i]; one more than children.
  std::span<const std::string_view> words;

  bool is_literal(Literal which) const { return kind == Kind::kLiteral && literal == which; }
};

// One use of `$state` or `$scope` in an expression.
struct Reference {
  bool is_state = true;  // otherwise $scope
  // The name asked for, by dot or by a constant in brackets; empty when the whole object is meant, as in
  // Object.keys($state) or $state[$scope.row.key].
  std::string_view name;
  std::uint32_t at = 0;  // as Expression::at
};

// A binding such as {$state.n}: one expression, keeps the value's type.
struct Binding {
  std::string_view source;
  const Expression* expression = nullptr;      // nullptr when it did not parse
  std::span<const Reference> references = {};  // of `expression`, in order of appearance
};

struct ExpressionError {
  std::string message;
  std::uint32_t at = 0;  // as Expression::at
};

// Parses one expression whose first character stands at the offset `start` of a document's text. The tree lies in
// `arena`; `source` must live as long. On failure the result is nullptr and `error` is set: what the subset lacks is
// an error at load, not a surprise at run time.
const Expression* parse_expression(std::string_view source, std::uint32_t start, Arena& arena, ExpressionError& error);

// Appends the JSON form.
void write_json(const Expression& expression, std::string& out);

// Calls `visit` with every node, parents first.
template <typename Visit>
void for_each_node(const Expression& expression, const Visit& visit) {
  visit(expression);
  for (const Expression* child : expression.children) for_each_node(*child, visit);
}

}  // namespace nexus::nxml
