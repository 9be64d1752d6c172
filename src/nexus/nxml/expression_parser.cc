#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/expression.h"
#include "nexus/nxml/expression_lexer_internal.h"
#include "nexus/nxml/expression_names_internal.h"
#include "nexus/nxml/expression_rules_internal.h"
#include "nexus/value/json.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

// Bounds on one expression. The depth is that of the tree and of the parser's own calls, so neither
// the parser nor anything that walks the tree can run out of stack.
constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 4096;

// A tree and how deep it is. Empty after an error.
struct Node {
  std::shared_ptr<Expression> tree;
  int depth = 0;
  explicit operator bool() const { return tree != nullptr; }
};

// A Pratt parser for the subset. After the first error every function returns an empty Node.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view source, Location start, ExpressionError& error)
      : lexer_(source, start, error), token_(lexer_.next()) {}

  ExpressionPtr run();

 private:
  Node expression();
  Node conditional();
  Node binary(int weakest);
  Node unary();
  Node chain();
  Node primary();

  Node member(Node object, bool optional);
  Node index(Node object, bool optional);
  Node call(Node callee, bool optional);
  Node optional_link(Node object);
  bool arguments(Node& node);

  Node parenthesised();
  Node array();
  Node object();
  bool object_member(Node& node);
  bool object_key(Node& node);
  Node text_template();
  Node name();
  Node literal_word();
  Node spread();

  bool at_arrow() const;
  bool at_pattern() const;
  Node arrow();
  bool arrow_parameter(Node& node);

  bool allowed(std::optional<ExpressionError> refusal);
  bool clashes(const Operator& op, const Node& side) const;
  bool is_parenthesised(const Node& node) const { return node.tree.get() == parenthesised_; }
  bool is_parameter(std::string_view word) const;

  Node make(Kind kind, Location at);
  bool adopt(Node& parent, Node child);
  bool deepen(Node& parent, int child_depth, Location at);
  void advance() { token_ = lexer_.next(); }
  bool expect(std::string_view punctuator, std::string_view after);
  bool separator(std::string_view closing, std::string_view after);
  Node fail(Location at, std::string message);
  Node unexpected();
  Node too_nested();

  ExpressionLexer lexer_;
  Token token_;
  std::vector<std::string> parameters_;  // of the arrows around the current place
  // The tree that the last pair of parentheses held. JavaScript forbids some mixtures of operators
  // unless one side stands in parentheses, and the tree itself does not keep them.
  const Expression* parenthesised_ = nullptr;
  int nesting_ = 0;
  int nodes_ = 0;
};

ExpressionPtr ExpressionParser::run() {
  Node node = expression();
  if (node && token_.kind != Token::Kind::kEnd) node = unexpected();
  return node.tree;
}

Node ExpressionParser::fail(Location at, std::string message) {
  token_ = lexer_.fail(at, std::move(message));
  return {};
}

bool ExpressionParser::allowed(std::optional<ExpressionError> refusal) {
  if (refusal) fail(refusal->location, std::move(refusal->message));
  return !refusal;
}

Node ExpressionParser::unexpected() { return fail(token_.at, describe_unexpected(token_)); }

Node ExpressionParser::make(Kind kind, Location at) {
  if (++nodes_ > kMaxNodes) {
    return fail(at, cat({"the expression has more than ", std::to_string(kMaxNodes), " parts"}));
  }
  Node node{std::make_shared<Expression>(), 1};
  node.tree->kind = kind;
  node.tree->location = at;
  return node;
}

bool ExpressionParser::deepen(Node& parent, int child_depth, Location at) {
  parent.depth = std::max(parent.depth, child_depth + 1);
  if (parent.depth <= kMaxDepth) return true;
  fail(at, cat({"the expression is deeper than ", std::to_string(kMaxDepth),
                " levels; move a part of it into a Computed or a template"}));
  return false;
}

// False when either is empty: after an error.
bool ExpressionParser::adopt(Node& parent, Node child) {
  if (!parent || !child) return false;
  if (!deepen(parent, child.depth, child.tree->location)) return false;
  parent.tree->children.push_back(std::move(child.tree));
  return true;
}

bool ExpressionParser::expect(std::string_view punctuator, std::string_view after) {
  if (token_.is(punctuator)) {
    advance();
    return true;
  }
  if (token_.kind == Token::Kind::kEnd) {
    fail(token_.at, cat({"'", punctuator, "' is missing after ", after}));
  } else {
    unexpected();
  }
  return false;
}

// The comma between two items; whoever calls has seen that the list does not close here.
bool ExpressionParser::separator(std::string_view closing, std::string_view after) {
  return expect(token_.is(",") ? "," : closing, after);
}

Node ExpressionParser::too_nested() {
  return fail(token_.at, cat({"the expression is nested deeper than ", std::to_string(kMaxDepth),
                              " levels; move a part of it into a Computed"}));
}

Node ExpressionParser::expression() {
  if (++nesting_ > kMaxDepth) return too_nested();
  if (at_pattern()) return fail(token_.at, std::string(kPlainParameters));
  Node node = at_arrow() ? arrow() : conditional();
  --nesting_;
  return node;
}

Node ExpressionParser::conditional() {
  Node test = binary(1);
  if (!test || !token_.is("?")) return test;
  Node node = make(Kind::kConditional, test.tree->location);
  advance();
  if (!adopt(node, std::move(test)) || !adopt(node, expression())) return {};
  if (!expect(":", "the first branch of '?'")) return {};
  return adopt(node, expression()) ? node : Node{};
}

Node ExpressionParser::binary(int weakest) {
  if (++nesting_ > kMaxDepth) return too_nested();
  Node left = unary();
  while (left) {
    const Operator* op = find_operator(token_);
    if (op == nullptr || op->precedence < weakest) break;
    const bool is_power = op->text == "**";
    if (is_power && left.tree->kind == Kind::kUnary && !is_parenthesised(left))
      return fail(token_.at, "put the left side of '**' in parentheses, as in (-x) ** 2");
    const bool left_clashes = clashes(*op, left);
    Node node = make(op->kind, left.tree->location);
    if (node) node.tree->children.reserve(2);
    advance();
    Node right = binary(is_power ? op->precedence : op->precedence + 1);
    if (!node || !right) return {};
    if (left_clashes || clashes(*op, right))
      return fail(node.tree->location, "put parentheses where '?\?' meets '||' or '&&'");
    node.tree->text = op->text;
    if (!adopt(node, std::move(left)) || !adopt(node, std::move(right))) return {};
    left = std::move(node);
  }
  --nesting_;
  return left;
}

// JavaScript refuses `a ?? b || c`: nobody remembers which one binds tighter.
bool ExpressionParser::clashes(const Operator& op, const Node& side) const {
  if (op.kind != Kind::kLogical || side.tree->kind != Kind::kLogical) return false;
  return (op.text == "??") != (side.tree->text == "??") && !is_parenthesised(side);
}

Node ExpressionParser::unary() {
  static constexpr std::array<std::string_view, 3> kSigns = {"!", "-", "+"};
  const bool is_sign = token_.kind == Token::Kind::kPunctuator &&
                       std::find(kSigns.begin(), kSigns.end(), token_.text) != kSigns.end();
  if (!is_sign && !token_.is_name("typeof")) return chain();
  Node node = make(Kind::kUnary, token_.at);
  if (!node) return {};
  if (++nesting_ > kMaxDepth) return too_nested();
  node.tree->text = token_.text;
  advance();
  const bool good = adopt(node, unary());
  --nesting_;
  return good ? node : Node{};
}

Node ExpressionParser::chain() {
  Node node = primary();
  while (node) {
    if (token_.is(".")) {
      advance();
      node = member(std::move(node), false);
    } else if (token_.is("?.")) {
      advance();
      node = optional_link(std::move(node));
    } else if (token_.is("[")) {
      node = index(std::move(node), false);
    } else if (token_.is("(")) {
      node = call(std::move(node), false);
    } else if (token_.kind == Token::Kind::kTemplate) {
      return unexpected();
    } else {
      break;
    }
  }
  if (!node) return {};
  const Global* global = global_of(*node.tree);
  if (global != nullptr && global->use == Global::Use::kNamespace) {
    return fail(node.tree->location,
                cat({"'", global->name, "' is no value; use one of its members, as in ",
                     global->name, ".", global->functions.front()}));
  }
  return node;
}

Node ExpressionParser::optional_link(Node object) {
  if (token_.is("[")) return index(std::move(object), true);
  if (token_.is("(")) return call(std::move(object), true);
  return member(std::move(object), true);
}

// True when the node is part of a chain that a `?.` may cut short.
bool has_optional_link(const Expression& node) {
  if (node.kind != Kind::kMember && node.kind != Kind::kIndex && node.kind != Kind::kCall)
    return false;
  return node.optional || has_optional_link(*node.children.front());
}

Node ExpressionParser::member(Node object, bool optional) {
  if (token_.kind != Token::Kind::kName) {
    return fail(token_.at, token_.kind == Token::Kind::kEnd ? "a name is missing after the dot"
                                                            : "a dot must be followed by a name");
  }
  if (!allowed(refuse_member(*object.tree, token_.text, token_.at))) return {};
  Node node = make(Kind::kMember, object.tree->location);
  if (!adopt(node, std::move(object))) return {};
  node.tree->text = token_.text;
  node.tree->optional = optional;
  advance();
  return node;
}

Node ExpressionParser::index(Node object, bool optional) {
  if (const Global* global = global_of(*object.tree)) {
    return fail(token_.at, cat({"members of '", global->name, "' are written with a dot"}));
  }
  Node node = make(Kind::kIndex, object.tree->location);
  advance();
  if (!adopt(node, std::move(object)) || !adopt(node, expression())) return {};
  if (!expect("]", "the index")) return {};
  node.tree->optional = optional;
  return node;
}

Node ExpressionParser::call(Node callee, bool optional) {
  if (!allowed(refuse_call(*callee.tree, token_.at))) return {};
  Node node = make(Kind::kCall, callee.tree->location);
  if (!adopt(node, std::move(callee))) return {};
  node.tree->optional = optional;
  advance();
  return arguments(node) ? node : Node{};
}

bool ExpressionParser::arguments(Node& node) {
  while (!token_.is(")")) {
    if (!adopt(node, token_.is("...") ? spread() : expression())) return false;
    if (token_.is(")")) break;
    if (!separator(")", "the argument")) return false;
  }
  advance();
  return true;
}

Node ExpressionParser::spread() {
  Node node = make(Kind::kSpread, token_.at);
  advance();
  return adopt(node, expression()) ? node : Node{};
}

Node ExpressionParser::primary() {
  if (token_.kind == Token::Kind::kNumber || token_.kind == Token::Kind::kString) {
    Node node = make(Kind::kLiteral, token_.at);
    if (!node) return {};
    if (token_.kind == Token::Kind::kNumber) {
      node.tree->literal = token_.number;
    } else {
      node.tree->literal = std::move(token_.string);
    }
    advance();
    return node;
  }
  if (token_.kind == Token::Kind::kTemplate) return text_template();
  if (token_.kind == Token::Kind::kName) return name();
  if (token_.is("(")) return parenthesised();
  if (token_.is("[")) return array();
  if (token_.is("{")) return object();
  return unexpected();
}

Node ExpressionParser::literal_word() {
  const std::string_view word = token_.text;
  if (word != "true" && word != "false" && word != "null" && word != "undefined") return {};
  Node node = make(Kind::kLiteral, token_.at);
  if (!node) return {};
  if (word == "true" || word == "false") {
    node.tree->literal = word == "true";
  } else {
    node.tree->text = word;
  }
  advance();
  return node;
}

bool ExpressionParser::is_parameter(std::string_view word) const {
  return std::find(parameters_.begin(), parameters_.end(), word) != parameters_.end();
}

Node ExpressionParser::name() {
  if (Node literal = literal_word()) return literal;
  const std::string_view word = token_.text;
  const bool is_root = word == "$state" || word == "$scope";
  if (!is_root && is_reserved_word(word))
    return fail(token_.at, cat({"'", word, "' is not available in expressions"}));
  if (!is_root && !is_parameter(word) && find_global(word) == nullptr) {
    const bool is_host_name = !word.empty() && word.front() == '$';
    return fail(
        token_.at,
        is_host_name
            ? cat({quote(word), " is not available in expressions; they see $state and $scope"})
            : cat({"unknown name ", quote(word), "; did you mean $state.", word.substr(0, 40),
                   "? Expressions see $state, $scope, the parameters of "
                   "their arrows and pure globals such as Math"}));
  }
  Node node = make(Kind::kName, token_.at);
  if (!node) return {};
  node.tree->text = word;
  advance();
  return node;
}

Node ExpressionParser::parenthesised() {
  const Location at = token_.at;
  advance();
  Node node = expression();
  if (!node || !expect(")", "the expression in parentheses")) return {};
  parenthesised_ = node.tree.get();
  const bool goes_on = token_.is(".") || token_.is("?.") || token_.is("[") || token_.is("(");
  if (!goes_on || !has_optional_link(*node.tree)) return node;
  Node paren = make(Kind::kParen, at);
  return adopt(paren, std::move(node)) ? paren : Node{};
}

Node ExpressionParser::array() {
  Node node = make(Kind::kArray, token_.at);
  advance();
  while (node && !token_.is("]")) {
    if (token_.is(",")) return fail(token_.at, "a list must not have holes");
    if (!adopt(node, token_.is("...") ? spread() : expression())) return {};
    if (token_.is("]")) break;
    if (!separator("]", "the list element")) return {};
  }
  advance();
  return node;
}

Node ExpressionParser::object() {
  Node node = make(Kind::kObject, token_.at);
  advance();
  while (node && !token_.is("}")) {
    if (!object_member(node)) return {};
    if (token_.is("}")) break;
    if (!separator("}", "the object member")) return {};
  }
  advance();
  return node;
}

bool ExpressionParser::object_member(Node& node) {
  if (token_.is("...")) {
    node.tree->keys.emplace_back();
    node.tree->computed_keys.emplace_back();
    return adopt(node, spread());
  }
  const Token key = token_;
  if (!object_key(node)) return false;
  if (token_.is("(")) {
    fail(token_.at, "methods are not available in expressions; write key: arrow function");
    return false;
  }
  const bool is_shorthand = key.kind == Token::Kind::kName && (token_.is(",") || token_.is("}"));
  if (!is_shorthand) return expect(":", "the key") && adopt(node, expression());
  // `{ total }` stands for `{ total: total }`: read the name again as an expression.
  const Token after = std::exchange(token_, key);
  const ExpressionLexer resume = lexer_;
  Node value = name();
  if (!value) return false;
  lexer_ = resume;
  token_ = after;
  return adopt(node, std::move(value));
}

bool ExpressionParser::object_key(Node& node) {
  std::string key;
  ExpressionPtr computed;
  if (token_.kind == Token::Kind::kName) {
    key = token_.text;
  } else if (token_.kind == Token::Kind::kString) {
    key = token_.string;
  } else if (token_.kind == Token::Kind::kNumber) {
    value::write_json_number(token_.number, key);
  } else if (token_.is("[")) {
    advance();
    Node inner = expression();
    if (!inner || !deepen(node, inner.depth, inner.tree->location)) return false;
    if (!token_.is("]")) return expect("]", "the computed key");
    computed = std::move(inner.tree);
  } else {
    unexpected();
    return false;
  }
  if (key == "__proto__") {
    fail(token_.at, "'__proto__' cannot be a key");
    return false;
  }
  node.tree->keys.push_back(std::move(key));
  node.tree->computed_keys.push_back(std::move(computed));
  advance();
  return true;
}

Node ExpressionParser::text_template() {
  Node node = make(Kind::kTemplate, token_.at);
  if (!node) return {};
  while (true) {
    std::string text;
    const ExpressionLexer::ChunkEnd end = lexer_.next_chunk(text);
    if (end == ExpressionLexer::ChunkEnd::kBad) return {};
    node.tree->texts.push_back(std::move(text));
    if (end == ExpressionLexer::ChunkEnd::kClosed) break;
    advance();
    if (!adopt(node, expression())) return {};
    if (!token_.is("}")) {
      expect("}", "the expression in the template");
      return {};
    }
  }
  advance();
  return node;
}

// `name =>` or `(name, name) =>`, seen by reading ahead on a copy of the lexer; stops at the first
// token that cannot belong to plain parameters, so nested parentheses stay cheap.
bool ExpressionParser::at_arrow() const {
  if (token_.kind == Token::Kind::kName) return lexer_.sees_arrow();
  if (!token_.is("(")) return false;
  ExpressionError unused;
  ExpressionLexer ahead = lexer_;
  ahead.report_to(unused);
  Token token = ahead.next();
  while (token.kind == Token::Kind::kName) {
    token = ahead.next();
    if (!token.is(",")) break;
    token = ahead.next();
  }
  return token.is(")") && ahead.next().is("=>");
}

// `([key, value]) =>` and `({ id }) =>`: common in JavaScript, so worth a message of its own. Looks
// ahead only at parentheses that start like a pattern, and these nest at most kMaxDepth deep.
bool ExpressionParser::at_pattern() const {
  if (!token_.is("(")) return false;
  ExpressionError unused;
  ExpressionLexer ahead = lexer_;
  ahead.report_to(unused);
  Token token = ahead.next();
  if (!token.is("[") && !token.is("{")) return false;
  for (int open = 1; open > 0; token = ahead.next()) {
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kBad) return false;
    if (token.is("(") || token.is("[") || token.is("{")) ++open;
    if (token.is(")") || token.is("]") || token.is("}")) --open;
  }
  return token.is("=>");
}

Node ExpressionParser::arrow() {
  Node node = make(Kind::kArrow, token_.at);
  if (!node) return {};
  if (token_.is("(")) {
    advance();
    while (!token_.is(")")) {
      if (!arrow_parameter(node)) return {};
      if (token_.is(",")) advance();
    }
    advance();
  } else if (!arrow_parameter(node)) {
    return {};
  }
  advance();  // =>
  if (token_.is("{")) {
    return fail(token_.at,
                "an arrow function takes an expression here, not a block; "
                "for an object write ({ ... })");
  }
  const std::size_t outer = parameters_.size();
  parameters_.insert(parameters_.end(), node.tree->names.begin(), node.tree->names.end());
  const bool good = adopt(node, expression());
  parameters_.resize(outer);
  return good ? node : Node{};
}

bool ExpressionParser::arrow_parameter(Node& node) {
  const std::string word(token_.text);
  const std::vector<std::string>& names = node.tree->names;
  const bool taken = find_global(word) != nullptr || word == "$state" || word == "$scope" ||
                     is_reserved_word(word) || word == "true" || word == "false" ||
                     word == "null" || word == "typeof";
  if (taken) {
    fail(token_.at, cat({quote(word), " cannot be the name of a parameter"}));
    return false;
  }
  if (std::find(names.begin(), names.end(), word) != names.end()) {
    fail(token_.at, cat({"the parameter ", quote(word), " is there twice"}));
    return false;
  }
  node.tree->names.push_back(word);
  advance();
  return true;
}

}  // namespace

ExpressionPtr parse_expression(std::string_view source, Location start, ExpressionError& error) {
  error = {};
  return ExpressionParser(source, start, error).run();
}

}  // namespace nexus::nxml
