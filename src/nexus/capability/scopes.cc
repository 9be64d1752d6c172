#include <algorithm>
#include <utility>

#include "nexus/capability/scopes_internal.h"

namespace nexus::capability {
namespace {

// The handler's own scope; an error node when nothing could be made of the text.
constexpr NodeId kRoot = 0;

bool opens_scope(NodeKind kind) {
  switch (kind) {
    case NodeKind::kBlock:
    case NodeKind::kFor:
    case NodeKind::kForIn:
    case NodeKind::kSwitchBody:
    case NodeKind::kCatch:
    case NodeKind::kClass:
    case NodeKind::kClassDeclaration:
      return true;
    // A method's computed name is not within the scope of its parameters, so its scope begins with
    // them.
    case NodeKind::kMethod:
      return false;
    default:
      return is_function(kind);
  }
}

bool is_name(NodeKind kind) {
  return kind == NodeKind::kIdentifier || kind == NodeKind::kShorthandProperty ||
         kind == NodeKind::kShorthandPattern;
}

bool is_pattern(NodeKind kind) {
  return kind == NodeKind::kObjectPattern || kind == NodeKind::kArrayPattern ||
         kind == NodeKind::kPairPattern || kind == NodeKind::kRestPattern ||
         kind == NodeKind::kDefaultPattern || kind == NodeKind::kDefaultProperty;
}

bool is_default_value(const SyntaxTree& tree, NodeId id) {
  if (tree[id].field != Field::kRight) return false;
  const NodeKind parent = tree[tree[id].parent].kind;
  return parent == NodeKind::kDefaultPattern || parent == NodeKind::kDefaultProperty;
}

std::uint64_t scope_key(std::size_t scope, NameId name) {
  return static_cast<std::uint64_t>(scope) << 32 | name;
}

}  // namespace

Scopes::Scopes(const SyntaxTree& tree, Names& names, std::vector<NameId> globals)
    : tree_(tree),
      names_(names),
      globals_(std::move(globals)),
      binding_of_(tree.size(), kNoBinding),
      declares_(tree.size(), false) {
  declare_all();
  resolve_all();
}

bool Scopes::is_free(NodeId id, std::string_view name) const {
  return id != kNoNode && is_name(tree_[id].kind) && binding_of_[id] == kNoBinding &&
         tree_.name(id) == name;
}

NodeId Scopes::function_of(NodeId expression) const {
  if (expression == kNoNode) return kNoNode;
  if (is_function(tree_[expression].kind)) return expression;
  const BindingId id = binding_of_[expression];
  if (id == kNoBinding || tree_[expression].kind != NodeKind::kIdentifier) return kNoNode;
  const Binding& binding = bindings_[id];
  if (binding.opaque || binding.definitions.size() != 1) return kNoNode;
  const NodeId only = binding.definitions[0];
  return is_function(tree_[only].kind) ? only : kNoNode;
}

// First pass: a name is known in its whole scope, also before its declaration.
void Scopes::declare_all() {
  for (NodeId id = 0; id < tree_.size(); ++id) {
    while (!open_.empty() && scopes_[open_.back()].end <= id) open_.pop_back();
    open_scope_at(id);
    declare_at(id);
  }
  open_.clear();
}

void Scopes::open_scope_at(NodeId id) {
  const Node& node = tree_[id];
  const NodeKind parent = node.parent == kNoNode ? NodeKind::kOther : tree_[node.parent].kind;
  const bool of_method = node.kind == NodeKind::kParameters && parent == NodeKind::kMethod;
  if (id != kRoot && !opens_scope(node.kind) && !of_method) return;
  const bool body = node.kind == NodeKind::kBlock && node.field == Field::kBody &&
                    (is_function(parent) || parent == NodeKind::kStaticBlock);
  const NodeId end = of_method ? tree_[node.parent].subtree_end : node.subtree_end;
  open_.push_back(scopes_.size());
  scopes_.push_back({id, end, body || id == kRoot, {}});
}

void Scopes::declare_at(NodeId id) {
  switch (tree_[id].kind) {
    case NodeKind::kVarDeclaration:
    case NodeKind::kLexicalDeclaration:
    case NodeKind::kUsingDeclaration:
      return declare_variables(id);
    case NodeKind::kForIn:
      return declare_loop_variable(id);
    case NodeKind::kCatch: {
      const NodeId parameter = tree_.child(id, Field::kParameter);
      if (parameter != kNoNode) declare_pattern(parameter, open_.back());
      return;
    }
    case NodeKind::kParameters:
      if (tree_[tree_[id].parent].kind == NodeKind::kMethod) declare_parameters(tree_[id].parent);
      return;
    case NodeKind::kFunctionDeclaration:
    case NodeKind::kGeneratorDeclaration:
    case NodeKind::kFunction:
    case NodeKind::kGenerator:
      declare_own_name(id);
      return declare_parameters(id);
    case NodeKind::kArrow:
      return declare_parameters(id);
    case NodeKind::kClass:
    case NodeKind::kClassDeclaration:
      return declare_own_name(id);
    default:
      return;
  }
}

void Scopes::declare_variables(NodeId declaration) {
  const bool var = tree_[declaration].kind == NodeKind::kVarDeclaration;
  NodeId declarator = tree_.first_child(declaration);
  for (; declarator != kNoNode; declarator = tree_.next_sibling(declarator)) {
    const NodeId name = tree_.child(declarator, Field::kName);
    if (tree_[declarator].kind != NodeKind::kDeclarator || name == kNoNode) continue;
    if (tree_[name].kind != NodeKind::kIdentifier) {
      declare_pattern(name, var ? std::nullopt : std::optional(open_.back()));
      continue;
    }
    const std::size_t scope = var ? var_scope(name) : open_.back();
    if (var && is_hidden_by_var(name, scope)) continue;
    Binding& binding = bindings_[declare(name, scope)];
    const NodeId value = tree_.child(declarator, Field::kValue);
    if (value != kNoNode) binding.definitions.push_back(value);
  }
}

void Scopes::declare_loop_variable(NodeId loop) {
  const NodeId keyword = tree_.child(loop, Field::kKind);
  const NodeId left = tree_.child(loop, Field::kLeft);
  if (keyword == kNoNode || left == kNoNode) return;
  const bool var = tree_.text(keyword) == "var";
  declare_pattern(left, var ? std::nullopt : std::optional(open_.back()));
}

void Scopes::declare_parameters(NodeId function) {
  const NodeId single = tree_.child(function, Field::kParameter);
  if (single != kNoNode) return declare_pattern(single, open_.back());
  const NodeId list = tree_.child(function, Field::kParameters);
  if (list == kNoNode) return;
  NodeId parameter = tree_.first_child(list);
  for (; parameter != kNoNode; parameter = tree_.next_sibling(parameter)) {
    declare_pattern(parameter, open_.back());
  }
}

// A declaration's name belongs to the scope around it, an expression's name to its own.
void Scopes::declare_own_name(NodeId id) {
  const NodeId name = tree_.child(id, Field::kName);
  if (name == kNoNode) return;
  const NodeKind kind = tree_[id].kind;
  const bool outside = kind == NodeKind::kFunctionDeclaration ||
                       kind == NodeKind::kGeneratorDeclaration ||
                       kind == NodeKind::kClassDeclaration;
  const std::size_t scope = outside && open_.size() > 1 ? open_[open_.size() - 2] : open_.back();
  Binding& binding = bindings_[declare(name, scope)];
  binding.definitions.push_back(id);
  if (!is_function(kind)) binding.opaque = true;
}

// Default values, computed keys and member targets within the pattern bind nothing.
void Scopes::declare_pattern(NodeId pattern, std::optional<std::size_t> scope) {
  NodeId id = pattern;
  while (id < tree_[pattern].subtree_end) {
    const NodeKind kind = tree_[id].kind;
    if (id != pattern && is_default_value(tree_, id)) {
      id = tree_[id].subtree_end;
      continue;
    }
    if (is_pattern(kind)) {
      ++id;
      continue;
    }
    if (kind == NodeKind::kIdentifier || kind == NodeKind::kShorthandPattern) {
      const std::size_t target = scope ? *scope : var_scope(id);
      if (scope || !is_hidden_by_var(id, target)) bindings_[declare(id, target)].opaque = true;
    }
    id = tree_[id].subtree_end;
  }
}

BindingId Scopes::declare(NodeId identifier, std::size_t scope) {
  const NameId name = names_.intern(tree_.name(identifier));
  const auto fresh = static_cast<BindingId>(bindings_.size());
  const auto [found, added] = by_scope_and_name_.emplace(scope_key(scope, name), fresh);
  if (added) {
    bindings_.push_back({.name = name, .definitions = {}, .references = {}});
    scopes_[scope].bindings.push_back(fresh);
  }
  binding_of_[identifier] = found->second;
  declares_[identifier] = true;
  return found->second;
}

// A `var` belongs to the body of the function around it, or is the parameter of the same name.
std::size_t Scopes::var_scope(NodeId identifier) {
  std::size_t depth = open_.size() - 1;
  while (depth > 0 && !scopes_[open_[depth]].takes_vars) --depth;
  if (depth == 0) return open_[0];
  const std::size_t parameters = open_[depth - 1];
  const NameId name = names_.intern(tree_.name(identifier));
  const NodeKind opener = tree_[scopes_[parameters].begin].kind;
  const bool is_parameter = (is_function(opener) || opener == NodeKind::kParameters) &&
                            by_scope_and_name_.contains(scope_key(parameters, name));
  return is_parameter ? parameters : open_[depth];
}

bool Scopes::is_hidden_by_var(NodeId identifier, std::size_t scope) {
  if (scopes_[scope].begin != kRoot) return false;
  const NameId name = names_.intern(tree_.name(identifier));
  if (std::find(globals_.begin(), globals_.end(), name) == globals_.end()) return false;
  declares_[identifier] = true;
  return true;
}

// Second pass: the innermost open scope that declares a name wins.
void Scopes::resolve_all() {
  std::size_t next = 0;
  const auto close = [this] {
    for (const BindingId id : scopes_[open_.back()].bindings) {
      visible_[bindings_[id].name].pop_back();
    }
    open_.pop_back();
  };
  for (NodeId id = 0; id < tree_.size(); ++id) {
    while (!open_.empty() && scopes_[open_.back()].end <= id) close();
    for (; next < scopes_.size() && scopes_[next].begin == id; ++next) {
      open_.push_back(next);
      for (const BindingId bound : scopes_[next].bindings) {
        visible_[bindings_[bound].name].push_back(bound);
      }
    }
    if (is_name(tree_[id].kind) && !declares_[id]) resolve(id);
  }
  open_.clear();
}

void Scopes::resolve(NodeId identifier) {
  const NameId name = names_.intern(tree_.name(identifier));
  const auto found = visible_.find(name);
  if (found == visible_.end() || found->second.empty()) {
    free_.push_back({identifier, name});
    return;
  }
  const BindingId id = found->second.back();
  binding_of_[identifier] = id;
  bindings_[id].references.push_back(identifier);
  note_assignment(identifier, bindings_[id]);
}

void Scopes::note_assignment(NodeId identifier, Binding& binding) {
  const NodeId parent = tree_[identifier].parent;
  switch (place_of(tree_, identifier)) {
    case Place::kRead:
    case Place::kDeleted:
      return;
    case Place::kUpdated:
      // `x ||= value` may store the value itself; the other operators store a primitive.
      if (tree_[parent].kind != NodeKind::kAugmentedAssignment) return;
      [[fallthrough]];
    case Place::kWritten: {
      const bool plain = tree_[parent].kind == NodeKind::kAssignment ||
                         tree_[parent].kind == NodeKind::kAugmentedAssignment;
      const NodeId value = plain ? tree_.child(parent, Field::kRight) : kNoNode;
      if (value == kNoNode) {
        binding.opaque = true;
      } else {
        binding.definitions.push_back(value);
      }
    }
  }
}

}  // namespace nexus::capability
