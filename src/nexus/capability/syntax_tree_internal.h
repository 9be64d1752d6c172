#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The syntax tree of one handler, flattened so that everything built on it is a loop: nodes stand
// in the order of their text, parents first, and the nodes below `n` are exactly n+1 ..
// subtree_end-1. Hostile nesting therefore costs memory in proportion to the text and never native
// stack. Parentheses, comments and punctuation are left out.
namespace nexus::capability {

enum class NodeKind : std::uint8_t {
#define NX_NODE_KIND(enumerator, name) enumerator,
#include "nexus/capability/node_kinds.def"
#undef NX_NODE_KIND
  kToken,  // an operator, a declaration keyword, or the `await` of `for await`
  kOther,
};

// The role of a node within its parent; only those the analysis asks for.
enum class Field : std::uint8_t {
  kNone,
  kAlternative,
  kArguments,
  kBody,
  kCondition,
  kConsequence,
  kConstructor,
  kFunction,
  kIndex,
  kKey,
  kKind,
  kLeft,
  kName,
  kObject,
  kOperator,
  kParameter,
  kParameters,
  kProperty,
  kRight,
  kValue,
};

using NodeId = std::uint32_t;
constexpr NodeId kNoNode = UINT32_MAX;

struct Node {
  NodeKind kind;
  Field field;
  std::uint32_t begin;  // bytes of the source, end exclusive
  std::uint32_t end;
  NodeId parent;          // kNoNode for the root
  NodeId subtree_end;     // one past the last node below this one
  std::uint32_t ordinal;  // among the siblings that are not tokens
};

class SyntaxTree {
 public:
  // Longer handlers are not read at all.
  static constexpr std::size_t kMaxSourceBytes = 256 * 1024;

  // Reads `source`, which must outlive the tree. Nothing when it is too long, holds a NUL byte, or
  // takes several times the CPU time that a program of its length does.
  static std::optional<SyntaxTree> parse(std::string_view source);

  // False when some part could not be read, or may mean something else to the engine.
  bool complete() const { return complete_; }

  NodeId size() const { return static_cast<NodeId>(nodes_.size()); }
  const Node& operator[](NodeId id) const { return nodes_[id]; }

  // Children in order; kNoNode after the last.
  NodeId first_child(NodeId id) const;
  NodeId next_sibling(NodeId id) const;
  // The first child in the role, or kNoNode.
  NodeId child(NodeId id, Field field) const;
  NodeId first_child_of_kind(NodeId id, NodeKind kind) const;

  // The text of a node; empty for kNoNode.
  std::string_view text(NodeId id) const;
  // An identifier as the engine sees it, with \u escapes resolved.
  std::string name(NodeId id) const;
  // The property key that the expression yields for certain: a string, a template without
  // substitutions, or a plain whole number.
  std::optional<std::string> literal(NodeId id) const;
  // The property name that a key, a member's property or a subscript's index stands for, when it is
  // certain.
  std::optional<std::string> key(NodeId id) const;

 private:
  friend class TreeBuilder;
  explicit SyntaxTree(std::string_view source) : source_(source) {}

  std::string_view source_;
  std::vector<Node> nodes_;
  bool complete_ = true;
};

bool is_function(NodeKind kind);

// What happens to the thing that an expression names.
enum class Place {
  kRead,
  kWritten,  // plain assignment, also as a target within a pattern
  kUpdated,  // read, then assigned
  kDeleted,
};
Place place_of(const SyntaxTree& tree, NodeId id);

}  // namespace nexus::capability
