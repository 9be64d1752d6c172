#include <algorithm>
#include <array>
#include <vector>

#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/expression_rules_internal.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

constexpr std::array<Operator, 18> kOperators = {{
    {"??", 1, Kind::kLogical},
    {"||", 2, Kind::kLogical},
    {"&&", 3, Kind::kLogical},
    {"==", 8, Kind::kBinary},
    {"!=", 8, Kind::kBinary},
    {"===", 8, Kind::kBinary},
    {"!==", 8, Kind::kBinary},
    {"<", 9, Kind::kBinary},
    {"<=", 9, Kind::kBinary},
    {">", 9, Kind::kBinary},
    {">=", 9, Kind::kBinary},
    {"in", 9, Kind::kBinary},
    {"+", 11, Kind::kBinary},
    {"-", 11, Kind::kBinary},
    {"*", 12, Kind::kBinary},
    {"/", 12, Kind::kBinary},
    {"%", 12, Kind::kBinary},
    {"**", kPowerPrecedence, Kind::kBinary},
}};

constexpr std::size_t kIn = 11;
static_assert(kOperators[kIn].text == "in");

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_assignment(std::string_view punctuator) {
  static constexpr std::array<std::string_view, 18> kAssignments = {
      "=",  "+=", "-=", "*=",   "/=",  "%=",  "**=",  "<<=", ">>=",
      "&=", "|=", "^=", ">>>=", "&&=", "||=", "?\?=", "++",  "--"};
  return std::find(kAssignments.begin(), kAssignments.end(), punctuator) != kAssignments.end();
}

bool is_bitwise(std::string_view punctuator) {
  static constexpr std::array<std::string_view, 7> kBitwise = {"&",  "|",  "^",  "~",
                                                               "<<", ">>", ">>>"};
  return std::find(kBitwise.begin(), kBitwise.end(), punctuator) != kBitwise.end();
}

std::string describe_punctuator(std::string_view text) {
  if (is_assignment(text)) {
    return cat({"'", text, "' changes a value; expressions only read, so change state in a tool"});
  }
  if (is_bitwise(text)) return cat({"the operator '", text, "' is not available in expressions"});
  if (text == "/") return "regular expressions and comments are not available in expressions";
  if (text == "=>") return std::string(kPlainParameters);
  if (text == "," || text == ";")
    return cat({"unexpected '", text, "'; write a single expression"});
  return cat({"unexpected '", text, "'"});
}

std::optional<ExpressionError> refuse_name_call(const Expression& callee) {
  const Global* global = find_global(callee.text);
  if (global != nullptr && global->use == Global::Use::kFunction) return std::nullopt;
  return ExpressionError{cat({quote(callee.text), " cannot be called in an expression"}),
                         callee.at};
}

std::optional<ExpressionError> refuse_method_call(const Expression& callee) {
  if (const Global* global = global_of(*callee.children.front())) {
    if (contains(global->functions, callee.text)) return std::nullopt;
    return ExpressionError{cat({"'", global->name, ".", callee.text, "' is no function"}),
                           callee.at};
  }
  if (contains(pure_methods(), callee.text)) return std::nullopt;
  return ExpressionError{cat({"the method ", quote(callee.text), " is not available in expressions",
                              did_you_mean(callee.text, pure_methods())}),
                         callee.at};
}

}  // namespace

const Operator* find_operator(const Token& token) {
  if (token.is_name("in")) return &kOperators[kIn];
  // Most tokens that may stand here are none.
  constexpr std::string_view kFirst = "?|&=!<>+-*/%";
  if (token.kind != Token::Kind::kPunctuator ||
      kFirst.find(token.punctuator.first()) == std::string_view::npos)
    return nullptr;
  for (const Operator& candidate : kOperators)
    if (candidate.text == token.text) return &candidate;
  return nullptr;
}

const Global* global_of(const Expression& node) {
  return node.kind == Kind::kName ? find_global(node.text) : nullptr;
}

std::optional<ExpressionError> refuse_member(const Expression& object, std::string_view name,
                                             std::uint32_t at) {
  const Global* global = global_of(object);
  if (global == nullptr || contains(global->functions, name) || contains(global->constants, name))
    return std::nullopt;
  return ExpressionError{
      cat({quote(cat({global->name, ".", name})), " is not available in expressions",
           did_you_mean(name, global->functions)}),
      at};
}

// Only what is known to be pure may be called. Parameters are not: calling them would let an
// expression call itself without end.
std::optional<ExpressionError> refuse_call(const Expression& callee, std::uint32_t at) {
  switch (callee.kind) {
    case Kind::kArrow:
      return std::nullopt;
    case Kind::kParen:
      return refuse_call(*callee.children.front(), at);
    case Kind::kName:
      return refuse_name_call(callee);
    case Kind::kMember:
      return refuse_method_call(callee);
    default:
      return ExpressionError{
          "only methods and functions known by name can be called in an expression", at};
  }
}

std::string describe_unexpected(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd:
      return "the expression ends too early";
    case Token::Kind::kTemplate:
      return "tagged templates are not available in expressions";
    case Token::Kind::kPunctuator:
      return describe_punctuator(token.text);
    case Token::Kind::kName:
      return is_reserved_word(token.text)
                 ? cat({quote(token.text), " is not available in expressions"})
                 : cat({"unexpected ", quote(token.text), "; an operator is missing before it"});
    case Token::Kind::kNumber:
    case Token::Kind::kString:
    case Token::Kind::kBad:
      break;
  }
  return "unexpected literal; an operator is missing before it";
}

}  // namespace nexus::nxml
