#include <time.h>
#include <tree_sitter/api.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <utility>

#include "nexus/base/check.h"
#include "nexus/capability/js_text_internal.h"
#include "nexus/capability/syntax_tree_internal.h"

extern "C" const TSLanguage* tree_sitter_javascript(void);

namespace nexus::capability {
namespace {

struct ParserDeleter {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
};
struct TreeDeleter {
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};
using TreePtr = std::unique_ptr<TSTree, TreeDeleter>;

// Programs take a tenth to a half of a microsecond a byte; recovering from many errors may take
// time in proportion to the square of the text. CPU time of this thread, so that a busy machine
// changes nothing.
constexpr std::chrono::microseconds kParseTime = std::chrono::milliseconds(50);
constexpr std::chrono::microseconds kParseTimePerByte{4};

// No token can name a longer key, escape sequences included; and copies of keys stay cheap.
constexpr std::size_t kMaxKeyBytes = 2048;

std::chrono::nanoseconds cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

struct Reading {
  std::string_view source;
  std::chrono::nanoseconds deadline;  // as cpu_time()
};

const char* read_all(void* payload, std::uint32_t offset, TSPoint, std::uint32_t* length) {
  const std::string_view source = static_cast<const Reading*>(payload)->source;
  const std::string_view rest = source.substr(std::min<std::size_t>(offset, source.size()));
  *length = static_cast<std::uint32_t>(rest.size());
  return rest.data();
}

// Asked by the parser after every hundred of its steps.
bool out_of_time(TSParseState* state) {
  return cpu_time() > static_cast<const Reading*>(state->payload)->deadline;
}

TreePtr run_parser(std::string_view source) {
  const std::unique_ptr<TSParser, ParserDeleter> parser(ts_parser_new());
  // False only when the pinned parser and grammar do not belong together.
  NX_CHECK(ts_parser_set_language(parser.get(), tree_sitter_javascript()));
  Reading reading{source, cpu_time() + kParseTime + kParseTimePerByte * source.size()};
  const TSInput input{&reading, read_all, TSInputEncodingUTF8, nullptr};
  const TSParseOptions options{&reading, out_of_time};
  return TreePtr(ts_parser_parse_with_options(parser.get(), nullptr, input, options));
}

// The grammar's numbers translated to ours; built once, then frozen.
class Vocabulary {
 public:
  Vocabulary() {
    const TSLanguage* language = tree_sitter_javascript();
    static const std::unordered_map<std::string_view, NodeKind> kinds{
#define NX_NODE_KIND(enumerator, name) {name, NodeKind::enumerator},
#include "nexus/capability/node_kinds.def"
#undef NX_NODE_KIND
    };
    static const std::unordered_map<std::string_view, Field> fields{
        {"alternative", Field::kAlternative},
        {"arguments", Field::kArguments},
        {"body", Field::kBody},
        {"condition", Field::kCondition},
        {"consequence", Field::kConsequence},
        {"constructor", Field::kConstructor},
        {"function", Field::kFunction},
        {"index", Field::kIndex},
        {"key", Field::kKey},
        {"kind", Field::kKind},
        {"left", Field::kLeft},
        {"name", Field::kName},
        {"object", Field::kObject},
        {"operator", Field::kOperator},
        {"parameter", Field::kParameter},
        {"parameters", Field::kParameters},
        {"property", Field::kProperty},
        {"right", Field::kRight},
        {"value", Field::kValue}};
    kinds_.resize(ts_language_symbol_count(language), NodeKind::kOther);
    for (std::uint32_t symbol = 0; symbol < kinds_.size(); ++symbol) {
      const auto found =
          kinds.find(ts_language_symbol_name(language, static_cast<TSSymbol>(symbol)));
      if (found != kinds.end()) kinds_[symbol] = found->second;
    }
    fields_.resize(ts_language_field_count(language) + 1, Field::kNone);
    for (std::uint32_t id = 1; id < fields_.size(); ++id) {
      const auto found =
          fields.find(ts_language_field_name_for_id(language, static_cast<TSFieldId>(id)));
      if (found != fields.end()) fields_[id] = found->second;
    }
  }

  // ERROR nodes have a number past the grammar's own.
  NodeKind kind(TSSymbol symbol) const {
    return symbol < kinds_.size() ? kinds_[symbol] : NodeKind::kOther;
  }
  Field field(TSFieldId id) const { return fields_[id]; }

 private:
  std::vector<NodeKind> kinds_;
  std::vector<Field> fields_;
};

const Vocabulary& vocabulary() {
  static const Vocabulary words;
  return words;
}

bool is_ambiguous(NodeKind kind) {
  return kind == NodeKind::kHtmlComment || kind == NodeKind::kJsxElement ||
         kind == NodeKind::kJsxSelfClosing || kind == NodeKind::kDecorator ||
         kind == NodeKind::kWith;
}

}  // namespace

// Copies the parser's tree into a SyntaxTree.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view source, const TSTree* parsed) : tree_(source) {
    const TSNode root = ts_tree_root_node(parsed);
    tree_.complete_ = !ts_node_has_error(root);
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    walk(cursor);
    ts_tree_cursor_delete(&cursor);
  }

  SyntaxTree take() { return std::move(tree_); }

 private:
  // A node of the parser's tree that the walk is inside of. Parentheses are transparent: what they
  // hold takes their place and role, so that nobody has to look through them.
  struct Level {
    bool transparent;
    bool misread_await;
    Field field;
  };
  struct Open {
    NodeId id;
    std::uint32_t children;  // that are not tokens
  };

  void walk(TSTreeCursor& cursor) {
    while (true) {
      const bool entered = enter(cursor);
      if (entered && ts_tree_cursor_goto_first_child(&cursor)) continue;
      if (entered) close();
      while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
        if (!ts_tree_cursor_goto_parent(&cursor)) return;
        close();
      }
    }
  }

  // False for a node that is left out, with all below it.
  bool enter(const TSTreeCursor& cursor) {
    const TSNode node = ts_tree_cursor_current_node(&cursor);
    Field field = vocabulary().field(ts_tree_cursor_current_field_id(&cursor));
    if (!levels_.empty() && levels_.back().transparent) field = levels_.back().field;
    if (!ts_node_is_named(node)) {
      if (!is_useful_token(node, field)) return false;
      add(node, NodeKind::kToken, field);
      return true;
    }
    const NodeKind kind = vocabulary().kind(ts_node_symbol(node));
    if (is_ambiguous(kind)) tree_.complete_ = false;
    if (kind == NodeKind::kComment || kind == NodeKind::kHtmlComment) return false;
    if (!levels_.empty() && levels_.back().misread_await) {
      enter_operand(node, kind, field);
    } else if (is_misread_await(node, kind)) {
      enter_misread_await(node, kind, field);
    } else if (kind == NodeKind::kParenthesized) {
      skip(field);
    } else {
      add(node, kind, field);
    }
    return true;
  }

  // Where a statement ends without a semicolon the grammar takes `await (x)` for a call, `await
  // [x]` for a subscript and so on, of a variable called await. Handlers cannot have such a
  // variable.
  bool is_misread_await(const TSNode& node, NodeKind kind) const {
    if (kind != NodeKind::kCall && kind != NodeKind::kSubscript) return false;
    const TSNode first = ts_node_child(node, 0);
    return vocabulary().kind(ts_node_symbol(first)) == NodeKind::kIdentifier && is_await(first);
  }

  bool is_await(const TSNode& node) const {
    const std::uint32_t begin = ts_node_start_byte(node);
    return tree_.source_.substr(begin, ts_node_end_byte(node) - begin) == "await";
  }

  // The operand takes the place of the whole: awaiting changes nothing about where values go.
  void enter_misread_await(const TSNode& node, NodeKind kind, Field field) {
    if (kind == NodeKind::kCall) {
      skip(field);
    } else {
      add(node, NodeKind::kArray, field);
    }
    levels_.back().misread_await = true;
  }

  void enter_operand(const TSNode& node, NodeKind kind, Field field) {
    const bool list = kind == NodeKind::kArguments;
    if (kind == NodeKind::kIdentifier && is_await(node)) {
      add(node, NodeKind::kToken, Field::kNone);
    } else if (kind == NodeKind::kSequence || (list && ts_node_named_child_count(node) == 1)) {
      skip(field);
    } else {
      add(node, list ? NodeKind::kSequence : kind, field);
    }
  }

  static bool is_useful_token(const TSNode& node, Field field) {
    return field == Field::kOperator || field == Field::kKind ||
           std::string_view(ts_node_type(node)) == "await";
  }

  void add(const TSNode& node, NodeKind kind, Field field) {
    const NodeId id = tree_.size();
    const NodeId parent = open_.empty() ? kNoNode : open_.back().id;
    const bool counts = kind != NodeKind::kToken && !open_.empty();
    const std::uint32_t ordinal = counts ? open_.back().children++ : 0;
    const std::uint32_t begin = ts_node_start_byte(node);
    tree_.nodes_.push_back({kind, field, begin, ts_node_end_byte(node), parent, id + 1, ordinal});
    // `a <!-- b` is a comparison to this grammar and a comment to an engine that follows the web.
    if (field == Field::kOperator && tree_.source_.substr(begin).starts_with("<!--")) {
      tree_.complete_ = false;
    }
    levels_.push_back({false, false, field});
    open_.push_back({id, 0});
  }

  void skip(Field field) { levels_.push_back({true, false, field}); }

  void close() {
    if (!levels_.back().transparent) {
      tree_.nodes_[open_.back().id].subtree_end = tree_.size();
      open_.pop_back();
    }
    levels_.pop_back();
  }

  SyntaxTree tree_;
  std::vector<Level> levels_;
  std::vector<Open> open_;
};

std::optional<SyntaxTree> SyntaxTree::parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) return std::nullopt;
  // The grammar takes a NUL byte for the end of the text in some places and not in others.
  if (source.find('\0') != std::string_view::npos) return std::nullopt;
  const TreePtr parsed = run_parser(source);
  if (!parsed) return std::nullopt;
  return TreeBuilder(source, parsed.get()).take();
}

NodeId SyntaxTree::first_child(NodeId id) const {
  return id + 1 < nodes_[id].subtree_end ? id + 1 : kNoNode;
}

NodeId SyntaxTree::next_sibling(NodeId id) const {
  const NodeId next = nodes_[id].subtree_end;
  const NodeId parent = nodes_[id].parent;
  return parent != kNoNode && next < nodes_[parent].subtree_end ? next : kNoNode;
}

NodeId SyntaxTree::child(NodeId id, Field field) const {
  NodeId found = first_child(id);
  while (found != kNoNode && nodes_[found].field != field) found = next_sibling(found);
  return found;
}

NodeId SyntaxTree::first_child_of_kind(NodeId id, NodeKind kind) const {
  NodeId found = first_child(id);
  while (found != kNoNode && nodes_[found].kind != kind) found = next_sibling(found);
  return found;
}

std::string_view SyntaxTree::text(NodeId id) const {
  if (id == kNoNode) return {};
  return source_.substr(nodes_[id].begin, nodes_[id].end - nodes_[id].begin);
}

std::string SyntaxTree::name(NodeId id) const {
  return resolve_escapes(text(id)).value_or(std::string(text(id)));
}

std::optional<std::string> SyntaxTree::literal(NodeId id) const {
  const std::string_view whole = text(id);
  if (whole.size() > kMaxKeyBytes) return std::nullopt;
  switch (nodes_[id].kind) {
    case NodeKind::kString:
      return whole.size() < 2 ? std::nullopt : resolve_escapes(whole.substr(1, whole.size() - 2));
    case NodeKind::kTemplate:
      // A carriage return in a template counts as a line feed; no key is worth that rule.
      if (whole.size() < 2 || whole.find('\r') != std::string_view::npos) return std::nullopt;
      if (first_child_of_kind(id, NodeKind::kSubstitution) != kNoNode) return std::nullopt;
      return resolve_escapes(whole.substr(1, whole.size() - 2));
    case NodeKind::kNumber: {
      constexpr std::size_t kExactDigits =
          15;  // a double holds every whole number of so many digits
      const bool digits =
          std::all_of(whole.begin(), whole.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!digits || whole.size() > kExactDigits || (whole[0] == '0' && whole.size() > 1)) {
        return std::nullopt;
      }
      return std::string(whole);
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string> SyntaxTree::key(NodeId id) const {
  if (id == kNoNode) return std::nullopt;
  switch (nodes_[id].kind) {
    case NodeKind::kPropertyIdentifier:
    case NodeKind::kShorthandProperty:
    case NodeKind::kShorthandPattern:
      return text(id).size() > kMaxKeyBytes ? std::nullopt : resolve_escapes(text(id));
    case NodeKind::kComputedName:
      return first_child(id) == kNoNode ? std::nullopt : literal(first_child(id));
    default:
      return literal(id);
  }
}

bool is_function(NodeKind kind) {
  return kind == NodeKind::kArrow || kind == NodeKind::kFunction || kind == NodeKind::kGenerator ||
         kind == NodeKind::kFunctionDeclaration || kind == NodeKind::kGeneratorDeclaration ||
         kind == NodeKind::kMethod;
}

Place place_of(const SyntaxTree& tree, NodeId id) {
  if (tree[id].parent == kNoNode) return Place::kRead;
  const Node& parent = tree[tree[id].parent];
  const bool left = tree[id].field == Field::kLeft;
  switch (parent.kind) {
    case NodeKind::kUpdate:
      return Place::kUpdated;
    case NodeKind::kAugmentedAssignment:
      return left ? Place::kUpdated : Place::kRead;
    case NodeKind::kAssignment:
    case NodeKind::kForIn:
    case NodeKind::kDefaultPattern:
    case NodeKind::kDefaultProperty:
      return left ? Place::kWritten : Place::kRead;
    case NodeKind::kPairPattern:
      return tree[id].field == Field::kValue ? Place::kWritten : Place::kRead;
    case NodeKind::kArrayPattern:
    case NodeKind::kObjectPattern:
    case NodeKind::kRestPattern:
      return Place::kWritten;
    case NodeKind::kUnary:
      return tree.text(tree.child(tree[id].parent, Field::kOperator)) == "delete" ? Place::kDeleted
                                                                                  : Place::kRead;
    default:
      return Place::kRead;
  }
}

}  // namespace nexus::capability
