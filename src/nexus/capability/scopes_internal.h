#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nexus/capability/names_internal.h"
#include "nexus/capability/syntax_tree_internal.h"

// Which declaration each name of a handler means, by the rules of strict code.
namespace nexus::capability {

using BindingId = std::uint32_t;
constexpr BindingId kNoBinding = UINT32_MAX;

// A declared name: a variable, parameter, function or class.
struct Binding {
  NameId name;
  // Every expression it is given with a plain `=`; complete unless `opaque`.
  std::vector<NodeId> definitions;
  // It gets values in other ways too: as a parameter, from a pattern, a loop, a catch or a class.
  bool opaque = false;
  std::vector<NodeId> references;  // in order of the text, declarations left out
};

class Scopes {
 public:
  // `tree` must outlive this object. A `var` of the handler's own level with a name of `globals`
  // does not count as a declaration: whether it hides the global depends on how the engine hands
  // that over.
  Scopes(const SyntaxTree& tree, Names& names, std::vector<NameId> globals);

  // The binding that an identifier declares or refers to; kNoBinding when it is a free name, or no
  // name.
  BindingId binding_of(NodeId id) const { return binding_of_[id]; }
  const Binding& binding(BindingId id) const { return bindings_[id]; }
  std::size_t size() const { return bindings_.size(); }

  // Identifiers that no declaration covers, in order of the text, with their names.
  struct Free {
    NodeId node;
    NameId name;
  };
  const std::vector<Free>& free_names() const { return free_; }
  // True for a free name that reads `name`.
  bool is_free(NodeId id, std::string_view name) const;

  // The function that an expression is for certain: a function itself, or a name that only ever
  // means one.
  NodeId function_of(NodeId expression) const;

 private:
  struct Scope {
    NodeId begin;
    NodeId end;
    bool takes_vars;
    std::vector<BindingId> bindings;
  };

  void declare_all();
  void open_scope_at(NodeId id);
  void declare_at(NodeId id);
  void declare_variables(NodeId declaration);
  void declare_loop_variable(NodeId loop);
  void declare_parameters(NodeId function);
  void declare_own_name(NodeId id);
  // Declares what a pattern binds: in `scope`, or where a `var` belongs when there is none.
  void declare_pattern(NodeId pattern, std::optional<std::size_t> scope);
  BindingId declare(NodeId identifier, std::size_t scope);
  std::size_t var_scope(NodeId identifier);
  bool is_hidden_by_var(NodeId identifier, std::size_t scope);

  void resolve_all();
  void resolve(NodeId identifier);
  void note_assignment(NodeId identifier, Binding& binding);

  const SyntaxTree& tree_;
  Names& names_;
  const std::vector<NameId> globals_;
  std::vector<Binding> bindings_;
  std::vector<BindingId> binding_of_;
  std::vector<bool> declares_;
  std::vector<Free> free_;

  // Of the pass under way: scopes in the order of their begin, and those around the current node.
  std::vector<Scope> scopes_;
  std::vector<std::size_t> open_;
  std::unordered_map<std::uint64_t, BindingId> by_scope_and_name_;
  std::unordered_map<NameId, std::vector<BindingId>> visible_;
};

}  // namespace nexus::capability
