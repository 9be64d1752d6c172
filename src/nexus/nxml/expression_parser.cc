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
#include "nexus/nxml/expression_reader_internal.h"
#include "nexus/nxml/expression_rules_internal.h"
#include "nexus/value/json.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;
using Literal = Expression::Literal;
using Root = Expression::Root;

// Bounds on one expression. The depth is that of the tree and of the parser's own calls, so neither
// the parser nor anything that walks the tree can run out of stack.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 4096;

// A tree and how deep it is. Empty after an error.
struct Node {
  Expression* tree = nullptr;
  std::size_t depth = 0;
  explicit operator bool() const { return tree != nullptr; }
};

// The operands and words of a node whose number is not known in advance; they wait on the parser's
// stacks.
struct Gathered {
  std::size_t first_child = 0;
  std::size_t first_word = 0;
  Node deepest;
};

Root root_of(std::string_view word) {
  if (equals(word, "$state")) return Root::kState;
  return equals(word, "$scope") ? Root::kScope : Root::kNone;
}
Root root_of(const Token& token) {
  return token.kind == Token::Kind::kName ? root_of(token.text) : Root::kNone;
}

// A Pratt parser for the subset. After the first error every function returns an empty Node.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view source, std::uint32_t start, Arena& arena,
                   ExpressionReader::Stacks& stacks, ExpressionError& error)
      : arena_(arena),
        children_(stacks.children),
        words_(stacks.words),
        parameters_(stacks.parameters),
        references_(stacks.references),
        lexer_(source, start, arena, error) {
    advance();
  }

  const Expression* run();
  // Of an expression that ends at a '}', whose offset goes to `closing`.
  const Expression* run_to_brace(std::uint32_t& closing);

 private:
  // `first`, when not empty, is the operand that the expression starts with, read already.
  Node expression();
  Node conditional(Node first);
  Node binary(int weakest, Node first);
  Node unary();
  Node chain(Node object);
  Node primary();

  Node path(Root root);
  Node root_name(Root root);
  Node member(Node object, bool optional);
  Node add_member(Node object, std::string_view name, bool optional);
  Node index(Node object, bool optional);
  Node call(Node callee, bool optional);
  Node optional_link(Node object);
  bool items(Gathered& list, Punctuator closing, std::string_view what);

  Node parenthesised();
  Node array();
  Node object();
  bool object_member(Gathered& list);
  Node computed_member();
  bool object_key(std::string_view& key);
  bool expect_member_value();
  Node text_template();
  Node value_name();
  Node name();
  Node unknown_name();
  Node literal(Literal literal);
  Node spread();

  bool at_end_of_expression() const;
  bool at_link() const;
  bool at_arrow() const;
  bool at_pattern() const;
  Node arrow();
  bool arrow_parameter(const Gathered& list);

  bool allowed(std::optional<ExpressionError> refusal);
  bool clashes(const Operator& op, Node side) const;
  bool is_parenthesised(Node node) const { return node.tree == parenthesised_; }
  bool is_parameter(std::string_view word) const;

  // A node with these operands; empty when one of them is.
  template <typename... Operands>
  Node make(Kind kind, std::uint32_t at, Operands... operands);
  Gathered start_gathering() const { return {children_.size(), words_.size(), {}}; }
  // False when `child` is empty.
  bool gather(Gathered& list, Node child);
  Node make_from(const Gathered& list, Kind kind, std::uint32_t at);
  // Counts the node in; `deepest` is empty for one without operands.
  Node put_above(Expression* tree, Node deepest) {
    const std::size_t depth = deepest.depth + 1;
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) return too_large(*tree, deepest);
    return {tree, depth};
  }
  Node too_large(const Expression& tree, Node deepest);
  void advance() { lexer_.next(token_); }
  bool expect(Punctuator punctuator, std::string_view after);
  bool separator(Punctuator closing, std::string_view after);
  Node fail(std::uint32_t at, std::string message);
  Node unexpected();
  Node too_nested();

  Arena& arena_;
  std::vector<const Expression*>& children_;   // gathered
  std::vector<std::string_view>& words_;       // gathered
  std::vector<std::string_view>& parameters_;  // of the arrows around the current place
  ArenaListMaker<Reference>& references_;
  ExpressionLexer lexer_;
  Token token_;
  // The tree that the last pair of parentheses held. JavaScript forbids some mixtures of operators
  // unless one side stands in parentheses, and the tree itself does not keep them.
  const Expression* parenthesised_ = nullptr;
  std::size_t nesting_ = 0;
  std::size_t nodes_ = 0;
};

const Expression* ExpressionParser::run() {
  Node node = expression();
  if (node && token_.kind != Token::Kind::kEnd) node = unexpected();
  return node.tree;
}

const Expression* ExpressionParser::run_to_brace(std::uint32_t& closing) {
  const Node node = expression();
  closing = token_.at;
  return token_.is("}") ? node.tree : nullptr;
}

Node ExpressionParser::fail(std::uint32_t at, std::string message) {
  lexer_.fail(token_, at, std::move(message));
  return {};
}

bool ExpressionParser::allowed(std::optional<ExpressionError> refusal) {
  if (refusal) fail(refusal->at, std::move(refusal->message));
  return !refusal;
}

Node ExpressionParser::unexpected() { return fail(token_.at, describe_unexpected(token_)); }

template <typename... Operands>
inline Node ExpressionParser::make(Kind kind, std::uint32_t at, Operands... operands) {
  if (!(true && ... && static_cast<bool>(operands))) return {};
  Expression* const tree = arena_.make<Expression>();
  tree->kind = kind;
  tree->at = at;
  Node deepest;
  if constexpr (sizeof...(operands) > 0) {
    const std::array<const Expression*, sizeof...(operands)> children = {operands.tree...};
    tree->children = arena_.copy(children);
    ((deepest = operands.depth > deepest.depth ? operands : deepest), ...);
  }
  return put_above(tree, deepest);
}

bool ExpressionParser::gather(Gathered& list, Node child) {
  if (!child) return false;
  if (child.depth > list.deepest.depth) list.deepest = child;
  children_.push_back(child.tree);
  return true;
}

Node ExpressionParser::make_from(const Gathered& list, Kind kind, std::uint32_t at) {
  Expression* const tree = arena_.make<Expression>();
  tree->kind = kind;
  tree->at = at;
  tree->children =
      arena_.copy(std::span<const Expression* const>(children_).subspan(list.first_child));
  tree->words = arena_.copy(std::span<const std::string_view>(words_).subspan(list.first_word));
  children_.resize(list.first_child);
  words_.resize(list.first_word);
  return put_above(tree, list.deepest);
}

Node ExpressionParser::too_large(const Expression& tree, Node deepest) {
  if (nodes_ > kMaxNodes) {
    return fail(tree.at,
                cat({"the expression has more than ", std::to_string(kMaxNodes), " parts"}));
  }
  return fail(deepest.tree->at,
              cat({"the expression is deeper than ", std::to_string(kMaxDepth),
                   " levels; move a part of it into a Computed or a template"}));
}

bool ExpressionParser::expect(Punctuator punctuator, std::string_view after) {
  if (token_.is(punctuator)) {
    advance();
    return true;
  }
  if (token_.kind == Token::Kind::kEnd) {
    fail(token_.at, cat({"'", punctuator.text(), "' is missing after ", after}));
  } else {
    unexpected();
  }
  return false;
}

// The comma between two items; whoever calls has seen that the list does not close here.
bool ExpressionParser::separator(Punctuator closing, std::string_view after) {
  return expect(token_.is(",") ? Punctuator(",") : closing, after);
}

Node ExpressionParser::too_nested() {
  return fail(token_.at, cat({"the expression is nested deeper than ", std::to_string(kMaxDepth),
                              " levels; move a part of it into a Computed"}));
}

Node ExpressionParser::expression() {
  if (++nesting_ > kMaxDepth) return too_nested();
  const bool opens = token_.is("(");
  if (opens && at_pattern()) return fail(token_.at, std::string(kPlainParameters));
  const bool is_arrow =
      opens ? at_arrow() : token_.kind == Token::Kind::kName && lexer_.sees_arrow();
  Node node;
  if (is_arrow) {
    node = arrow();
  } else if (const Root root = root_of(token_); root != Root::kNone) {
    // Most expressions are a path and nothing more.
    node = path(root);
    if (node && !at_end_of_expression()) node = conditional(node);
  } else {
    node = conditional({});
  }
  --nesting_;
  return node;
}

// Whether an operand that stands before this token is the whole of its expression.
bool ExpressionParser::at_end_of_expression() const {
  return token_.kind == Token::Kind::kEnd || token_.is("}") || token_.is(",") || token_.is(")") || token_.is("]");
}

Node ExpressionParser::conditional(Node first) {
  const Node test = binary(1, first);
  if (!test || !token_.is("?")) return test;
  advance();
  const Node yes = expression();
  if (!yes || !expect(":", "the first branch of '?'")) return {};
  return make(Kind::kConditional, test.tree->at, test, yes, expression());
}

Node ExpressionParser::binary(int weakest, Node first) {
  if (++nesting_ > kMaxDepth) return too_nested();
  Node left = first ? chain(first) : unary();
  while (left) {
    const Operator op = operator_of(token_);
    if (op.precedence < weakest) break;
    const bool is_power = op.precedence == kPowerPrecedence;
    if (is_power && left.tree->kind == Kind::kUnary && !is_parenthesised(left))
      return fail(token_.at, "put the left side of '**' in parentheses, as in (-x) ** 2");
    const std::string_view text = token_.text;
    const bool left_clashes = clashes(op, left);
    advance();
    const Node right = binary(is_power ? op.precedence : op.precedence + 1, {});
    if (!right) return {};
    if (left_clashes || clashes(op, right))
      return fail(left.tree->at, "put parentheses where '?\?' meets '||' or '&&'");
    left = make(op.kind, left.tree->at, left, right);
    if (left) left.tree->text = text;
  }
  --nesting_;
  return left;
}

// JavaScript refuses `a ?? b || c`: nobody remembers which one binds tighter.
bool ExpressionParser::clashes(const Operator& op, Node side) const {
  if (op.kind != Kind::kLogical || side.tree->kind != Kind::kLogical) return false;
  const bool coalesces = op.precedence == kCoalescingPrecedence;
  return coalesces != (side.tree->text == "??") && !is_parenthesised(side);
}

Node ExpressionParser::unary() {
  const bool is_sign = token_.is("!") || token_.is("-") || token_.is("+");
  if (!is_sign && !token_.is_name("typeof")) return chain(primary());
  const Token sign = token_;
  if (++nesting_ > kMaxDepth) return too_nested();
  advance();
  const Node node = make(Kind::kUnary, sign.at, unary());
  if (node) node.tree->text = sign.text;
  --nesting_;
  return node;
}

// `node` and the links after it.
Node ExpressionParser::chain(Node node) {
  while (node) {
    if (token_.is(".")) {
      advance();
      node = member(node, false);
    } else if (token_.is("?.")) {
      advance();
      node = optional_link(node);
    } else if (token_.is("[")) {
      node = index(node, false);
    } else if (token_.is("(")) {
      node = call(node, false);
    } else if (token_.kind == Token::Kind::kTemplate) {
      return unexpected();
    } else {
      break;
    }
  }
  return node;
}

bool ExpressionParser::at_link() const {
  return token_.is(".") || token_.is("?.") || token_.is("[") || token_.is("(");
}

Node ExpressionParser::optional_link(Node object) {
  if (token_.is("[")) return index(object, true);
  if (token_.is("(")) return call(object, true);
  return member(object, true);
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
  if (const Global* global = global_of(*object.tree))
    if (!allowed(refuse_member(*global, token_.text, token_.at))) return {};
  const Node node = add_member(object, token_.text, optional);
  if (node) advance();
  return node;
}

inline Node ExpressionParser::add_member(Node object, std::string_view name, bool optional) {
  const Node node = make(Kind::kMember, object.tree->at, object);
  if (!node) return {};
  if (object.tree->root != Root::kNone) references_.items().back().name = name;
  node.tree->text = name;
  node.tree->optional = optional;
  return node;
}

Node ExpressionParser::index(Node object, bool optional) {
  if (const Global* global = global_of(*object.tree)) {
    return fail(token_.at, cat({"members of '", global->name, "' are written with a dot"}));
  }
  const std::size_t own = references_.items().size() - 1;  // when the object is a root
  advance();
  const Node key = expression();
  if (!key || !expect("]", "the index")) return {};
  if (object.tree->root != Root::kNone && key.tree->is_literal(Literal::kString))
    references_.items()[own].name = key.tree->text;
  const Node node = make(Kind::kIndex, object.tree->at, object, key);
  if (node) node.tree->optional = optional;
  return node;
}

Node ExpressionParser::call(Node callee, bool optional) {
  if (!allowed(refuse_call(*callee.tree, token_.at))) return {};
  Gathered list = start_gathering();
  gather(list, callee);
  advance();
  if (!items(list, ")", "the argument")) return {};
  const Node node = make_from(list, Kind::kCall, callee.tree->at);
  if (node) node.tree->optional = optional;
  return node;
}

// Expressions and spreads between commas, and what closes them.
bool ExpressionParser::items(Gathered& list, Punctuator closing, std::string_view what) {
  const bool is_array = closing == Punctuator("]");
  while (!token_.is(closing)) {
    if (is_array && token_.is(",")) return allowed({{"a list must not have holes", token_.at}});
    if (!gather(list, token_.is("...") ? spread() : expression())) return false;
    if (token_.is(closing)) break;
    if (!separator(closing, what)) return false;
  }
  advance();
  return true;
}

Node ExpressionParser::spread() {
  const std::uint32_t at = token_.at;
  advance();
  return make(Kind::kSpread, at, expression());
}

Node ExpressionParser::primary() {
  switch (token_.kind) {
    case Token::Kind::kName:
      if (const Root root = root_of(token_); root != Root::kNone) return path(root);
      return value_name();
    case Token::Kind::kNumber:
    case Token::Kind::kString:
      return literal(token_.kind == Token::Kind::kNumber ? Literal::kNumber : Literal::kString);
    case Token::Kind::kTemplate:
      return text_template();
    case Token::Kind::kPunctuator:
      if (token_.is("(")) return parenthesised();
      if (token_.is("[")) return array();
      if (token_.is("{")) return object();
      break;
    case Token::Kind::kEnd:
    case Token::Kind::kBad:
      break;
  }
  return unexpected();
}

// What the token at hand stands for.
inline Node ExpressionParser::literal(Literal literal) {
  const Node node = make(Kind::kLiteral, token_.at);
  if (!node) return {};
  node.tree->literal = literal;
  if (literal == Literal::kNumber) {
    node.tree->number = token_.number;
  } else {
    node.tree->text = token_.text;
  }
  advance();
  return node;
}

std::optional<Expression::Literal> literal_word(std::string_view word) {
  if (word == "true") return Literal::kTrue;
  if (word == "false") return Literal::kFalse;
  if (word == "null") return Literal::kNull;
  if (word == "undefined") return Literal::kUndefined;
  return std::nullopt;
}

bool ExpressionParser::is_parameter(std::string_view word) const {
  return std::find(parameters_.begin(), parameters_.end(), word) != parameters_.end();
}

Node ExpressionParser::name() {
  const std::string_view word = token_.text;
  if (!is_parameter(word)) {
    if (const auto constant = literal_word(word)) return literal(*constant);
    if (find_global(word) == nullptr) return unknown_name();
  }
  const Node node = make(Kind::kName, token_.at);
  if (!node) return {};
  node.tree->text = word;
  advance();
  return node;
}

// One that stands for a value, by itself or through what follows.
Node ExpressionParser::value_name() {
  const Node node = name();
  if (!node || at_link() || token_.kind == Token::Kind::kTemplate) return node;
  const Global* global = global_of(*node.tree);
  if (global == nullptr || global->use != Global::Use::kNamespace) return node;
  return fail(node.tree->at,
              cat({"'", global->name, "' is no value; use one of its members, as in ",
                   global->name, ".", global->functions.front()}));
}

// `$state` or `$scope` with the members that follow without a blank, as in $state.a.b.
Node ExpressionParser::path(Root root) {
  Node node = root_name(root);
  std::string_view step;
  while (node && lexer_.take_member(step)) node = add_member(node, step, false);
  if (node) advance();
  return node;
}

// The token at hand, which stays there.
inline Node ExpressionParser::root_name(Root root) {
  const Node node = make(Kind::kName, token_.at);
  if (!node) return {};
  node.tree->text = token_.text;
  node.tree->root = root;
  references_.add(root == Root::kState, std::string_view(), token_.at);
  return node;
}

Node ExpressionParser::unknown_name() {
  const std::string_view word = token_.text;
  if (is_reserved_word(word))
    return fail(token_.at, cat({"'", word, "' is not available in expressions"}));
  if (word.starts_with('$')) {
    return fail(token_.at, cat({quote(word),
                                " is not available in expressions; they see $state and $scope"}));
  }
  return fail(token_.at, cat({"unknown name ", quote(word), "; did you mean $state.",
                              word.substr(0, 40),
                              "? Expressions see $state, $scope, the parameters of "
                              "their arrows and pure globals such as Math"}));
}

Node ExpressionParser::parenthesised() {
  const std::uint32_t at = token_.at;
  advance();
  const Node node = expression();
  if (!node || !expect(")", "the expression in parentheses")) return {};
  parenthesised_ = node.tree;
  if (!at_link() || !has_optional_link(*node.tree)) return node;
  return make(Kind::kParen, at, node);
}

Node ExpressionParser::array() {
  const std::uint32_t at = token_.at;
  Gathered list = start_gathering();
  advance();
  return items(list, "]", "the list element") ? make_from(list, Kind::kArray, at) : Node{};
}

Node ExpressionParser::object() {
  const std::uint32_t at = token_.at;
  Gathered list = start_gathering();
  advance();
  while (!token_.is("}")) {
    if (!object_member(list)) return {};
    if (token_.is("}")) break;
    if (!separator("}", "the object member")) return {};
  }
  advance();
  return make_from(list, Kind::kObject, at);
}

bool ExpressionParser::object_member(Gathered& list) {
  if (token_.is("...") || token_.is("[")) {
    words_.emplace_back();
    return gather(list, token_.is("[") ? computed_member() : spread());
  }
  const Token written = token_;
  std::string_view key;
  if (!object_key(key)) return false;
  words_.push_back(key);
  const bool is_shorthand =
      written.kind == Token::Kind::kName && (token_.is(",") || token_.is("}"));
  if (!is_shorthand) return expect_member_value() && gather(list, expression());
  // `{ total }` stands for `{ total: total }`: read the name again as an expression.
  const Token after = std::exchange(token_, written);
  const ExpressionLexer resume = lexer_;
  const Root root = root_of(written);
  if (!gather(list, root == Root::kNone ? name() : root_name(root))) return false;
  lexer_ = resume;
  token_ = after;
  return true;
}

Node ExpressionParser::computed_member() {
  const std::uint32_t at = token_.at;
  advance();
  const Node key = expression();
  if (!key || !expect("]", "the computed key") || !expect_member_value()) return {};
  return make(Kind::kComputedMember, at, key, expression());
}

bool ExpressionParser::expect_member_value() {
  if (!token_.is("(")) return expect(":", "the key");
  fail(token_.at, "methods are not available in expressions; write key: arrow function");
  return false;
}

bool ExpressionParser::object_key(std::string_view& key) {
  if (token_.kind == Token::Kind::kName || token_.kind == Token::Kind::kString) {
    key = token_.text;
  } else if (token_.kind == Token::Kind::kNumber) {
    std::string number;
    value::write_json_number(token_.number, number);
    key = arena_.copy(std::string_view(number));
  } else {
    unexpected();
    return false;
  }
  if (key == "__proto__") {
    fail(token_.at, "'__proto__' cannot be a key");
    return false;
  }
  advance();
  return true;
}

Node ExpressionParser::text_template() {
  const std::uint32_t at = token_.at;
  Gathered list = start_gathering();
  while (true) {
    std::string_view text;
    const ExpressionLexer::ChunkEnd end = lexer_.next_chunk(text);
    if (end == ExpressionLexer::ChunkEnd::kBad) return {};
    words_.push_back(text);
    if (end == ExpressionLexer::ChunkEnd::kClosed) break;
    advance();
    if (!gather(list, expression())) return {};
    if (!token_.is("}")) {
      expect("}", "the expression in the template");
      return {};
    }
  }
  advance();
  return make_from(list, Kind::kTemplate, at);
}

// `(name, name) =>`, seen by reading ahead on a copy of the lexer; stops at the first
// token that cannot belong to plain parameters, so nested parentheses stay cheap.
bool ExpressionParser::at_arrow() const {
  ExpressionError unused;
  ExpressionLexer ahead = lexer_.look_ahead(unused);
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
  ExpressionError unused;
  ExpressionLexer ahead = lexer_.look_ahead(unused);
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
  const std::uint32_t at = token_.at;
  Gathered list = start_gathering();
  if (token_.is("(")) {
    advance();
    while (!token_.is(")")) {
      if (!arrow_parameter(list)) return {};
      if (token_.is(",")) advance();
    }
    advance();
  } else if (!arrow_parameter(list)) {
    return {};
  }
  advance();  // =>
  if (token_.is("{")) {
    return fail(token_.at,
                "an arrow function takes an expression here, not a block; "
                "for an object write ({ ... })");
  }
  const std::size_t outer = parameters_.size();
  parameters_.insert(parameters_.end(),
                     words_.begin() + static_cast<std::ptrdiff_t>(list.first_word), words_.end());
  const bool good = gather(list, expression());
  parameters_.resize(outer);
  return good ? make_from(list, Kind::kArrow, at) : Node{};
}

bool ExpressionParser::arrow_parameter(const Gathered& list) {
  const std::string_view word = token_.text;
  const bool taken = find_global(word) != nullptr || root_of(word) != Root::kNone ||
                     is_reserved_word(word) || literal_word(word) || word == "typeof";
  if (taken) {
    fail(token_.at, cat({quote(word), " cannot be the name of a parameter"}));
    return false;
  }
  if (std::find(words_.begin() + static_cast<std::ptrdiff_t>(list.first_word), words_.end(),
                word) != words_.end()) {
    fail(token_.at, cat({"the parameter ", quote(word), " is there twice"}));
    return false;
  }
  words_.push_back(word);
  advance();
  return true;
}

}  // namespace

bool ExpressionReader::read(std::string_view source, std::uint32_t start, Binding& binding,
                            ExpressionError& error) {
  error = {};
  clear();
  binding.source = source;
  binding.expression = ExpressionParser(source, start, arena_, stacks_, error).run();
  binding.references = stacks_.references.take();
  return binding.expression != nullptr;
}

std::size_t ExpressionReader::read_braced(std::string_view text, std::uint32_t start, Binding& binding) {
  ExpressionError unused;
  std::uint32_t closing = 0;
  clear();
  binding.expression = ExpressionParser(text, start, arena_, stacks_, unused).run_to_brace(closing);
  if (binding.expression == nullptr) return 0;
  const std::size_t length = closing - start;
  binding.source = trim(text.substr(0, length));
  binding.references = stacks_.references.take();
  return length + 1;
}

void ExpressionReader::clear() {
  stacks_.children.clear();
  stacks_.words.clear();
  stacks_.parameters.clear();
  stacks_.references.clear();
}

const Expression* parse_expression(std::string_view source, std::uint32_t start, Arena& arena,
                                   ExpressionError& error) {
  Binding binding;
  ExpressionReader(arena).read(source, start, binding, error);
  return binding.expression;
}

}  // namespace nexus::nxml
