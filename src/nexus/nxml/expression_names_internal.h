#pragma once

#include <string_view>
#include <vector>

namespace nexus::nxml {

// A pure global that view expressions may name; the list of docs/PROTOCOL.md under "Expressions".
struct Global {
  enum class Use {
    kValue,      // undefined, NaN, Infinity
    kFunction,   // callable, and may be handed to a method as it is
    kNamespace,  // only its members are of use
  };
  std::string_view name;
  Use use;
  std::vector<std::string_view> functions;
  std::vector<std::string_view> constants;
};

// nullptr for a name that expressions must not use.
const Global* find_global(std::string_view name);
const std::vector<Global>& globals();

// The methods that may be called on strings, numbers and lists.
const std::vector<std::string_view>& pure_methods();

// True for words that are part of JavaScript but stand for nothing in an expression: new, this,
// await, ...
bool is_reserved_word(std::string_view word);

}  // namespace nexus::nxml
