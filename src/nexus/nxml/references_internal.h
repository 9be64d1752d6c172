#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "nexus/nxml/ast.h"
#include "nexus/nxml/diagnostics_internal.h"

// What ties the parts of a document together: names declared twice, names used and not declared,
// names declared and not used; reference.md section 2.7. The rules that need the code of handlers
// parsed (forbidden globals, undeclared extensions) are not here.
namespace nexus::nxml {

// All of them. The warnings about unused names wait until there is no error, because an expression
// that did not parse may be the use.
void check_references(Document& document, Diagnostics& diagnostics);

// Duplicate names of every kind but view ids.
void check_duplicates(const Document& document, Diagnostics& diagnostics);

// Fills in what each computed value reads and the order to evaluate them in; reports those that
// depend on themselves.
void order_computed(Document& document, Diagnostics& diagnostics);

// The arguments that a component gives its tool; `tool` is nullptr when it names none that exists.
void check_arguments(const ViewNode& node, const Tool* tool, Diagnostics& diagnostics);

// One use of `$state` or `$scope` in an expression.
struct Reference {
  bool is_state = true;  // otherwise $scope
  // The name asked for, by dot or by a constant in brackets; empty when the whole object is meant,
  // as in Object.keys($state) or $state[$scope.row.key].
  std::string_view name;
  std::uint32_t at = 0;  // offset in the document's text
};

namespace internal {
// The reference that starts at this node; nullopt for any other node.
std::optional<Reference> reference_at(const Expression& node);
}  // namespace internal

// Calls `visit` with each Reference, in order of appearance.
template <typename Visit>
void for_each_reference(const Expression& node, const Visit& visit) {
  const std::optional<Reference> found = internal::reference_at(node);
  if (found) visit(*found);
  // What stands below the reference is its root, and for $state[key] the key.
  const std::size_t first = found ? std::min<std::size_t>(1, node.children.size()) : 0;
  for (const Expression* child : node.children.subspan(first)) for_each_reference(*child, visit);
}

// The state a handler may touch, by its text alone: $state.name, and any name in quotes. A handler
// that uses $state in another way may touch everything. Good enough for a warning about unused
// state, for nothing else.
struct HandlerMentions {
  std::unordered_set<std::string_view> names;
  bool everything = false;
};
void find_mentions(std::string_view code, HandlerMentions& mentions);

}  // namespace nexus::nxml
