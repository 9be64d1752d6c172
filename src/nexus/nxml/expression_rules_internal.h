#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nexus/nxml/expression.h"
#include "nexus/nxml/expression_lexer_internal.h"
#include "nexus/nxml/expression_names_internal.h"

// What the subset of docs/PROTOCOL.md refuses although JavaScript's grammar allows it, and how to
// say so.
namespace nexus::nxml {

inline constexpr std::string_view kPlainParameters =
    "arrow parameters must be plain names, as in (row, at) => row.name";

// A binary or logical operator. Higher precedence binds tighter; the numbers are those of
// JavaScript's own table, and only ** binds to the right.
struct Operator {
  int precedence = 0;  // 0: none
  Expression::Kind kind = Expression::Kind::kBinary;
};
inline constexpr int kCoalescingPrecedence = 1;
inline constexpr int kPowerPrecedence = 13;

// The operator that the token is; one of precedence 0 when it is none of the subset.
Operator operator_of(const Token& token);

// The global that the node names; nullptr when it is anything else. Parameters cannot shadow
// globals.
inline const Global* global_of(const Expression& node) {
  const bool may_be = node.kind == Expression::Kind::kName && node.root == Expression::Root::kNone;
  return may_be ? find_global(node.text) : nullptr;
}

// Why this member of a global must not be read. `at` is where the name stands.
std::optional<ExpressionError> refuse_member(const Global& global, std::string_view name, std::uint32_t at);

// Why `callee` must not be called; `at` is where its arguments start.
std::optional<ExpressionError> refuse_call(const Expression& callee, std::uint32_t at);

// The message for a token that cannot stand where it stands.
std::string describe_unexpected(const Token& token);

}  // namespace nexus::nxml
