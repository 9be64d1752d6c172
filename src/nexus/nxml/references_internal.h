#pragma once

#include <string_view>
#include <unordered_set>
#include <vector>

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

// The properties of a component that make up its call of a tool; nullptr for those it does not have.
struct Call {
  const Prop* trigger = nullptr;
  const Prop* args = nullptr;
  const Prop* payload = nullptr;
};

// The arguments that a component gives its tool; `tool` is nullptr when it names none that exists.
// `given` is room to work in.
void check_arguments(const Call& call, const Tool* tool, std::vector<bool>& given,
                     Diagnostics& diagnostics);

// The state a handler may touch, by its text alone: $state.name, and any name in quotes. A handler
// that uses $state in another way may touch everything. Good enough for a warning about unused
// state, for nothing else.
struct HandlerMentions {
  std::unordered_set<std::string_view> names;
  bool everything = false;
};
void find_mentions(std::string_view code, HandlerMentions& mentions);

}  // namespace nexus::nxml
