#include <algorithm>
#include <array>
#include <vector>

#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/expression_rules_internal.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

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

Operator operator_of(const Token& token) {
  if (token.kind != Token::Kind::kPunctuator)
    return token.is_name("in") ? Operator{9, Kind::kBinary} : Operator{};
  constexpr auto is = [](Punctuator punctuator) { return punctuator.code(); };
  switch (token.punctuator.code()) {
    case is("??"):
      return {kCoalescingPrecedence, Kind::kLogical};
    case is("||"):
      return {2, Kind::kLogical};
    case is("&&"):
      return {3, Kind::kLogical};
    case is("=="):
    case is("!="):
    case is("==="):
    case is("!=="):
      return {8, Kind::kBinary};
    case is("<"):
    case is("<="):
    case is(">"):
    case is(">="):
      return {9, Kind::kBinary};
    case is("+"):
    case is("-"):
      return {11, Kind::kBinary};
    case is("*"):
    case is("/"):
    case is("%"):
      return {12, Kind::kBinary};
    case is("**"):
      return {kPowerPrecedence, Kind::kBinary};
    default:
      return {};
  }
}

std::optional<ExpressionError> refuse_member(const Global& global, std::string_view name, std::uint32_t at) {
  if (contains(global.functions, name) || contains(global.constants, name)) return std::nullopt;
  return ExpressionError{
      cat({quote(cat({global.name, ".", name})), " is not available in expressions",
           did_you_mean(name, global.functions)}),
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
