#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// What the built-in functions of JavaScript do with the objects they are given, as far as it
// matters for telling reading from writing. The engine freezes the built-ins, so what stands here
// holds for every handler.
namespace nexus::capability {

// What becomes of an argument.
enum class Argument : std::uint8_t {
  kRead,    // looked at, or turned into text or a number
  kHeld,    // part of the result
  kStored,  // kept in the receiver
  kMerged,  // its parts become parts of the first argument, which is the result
};

// What a callback is for. Its parameters are the receiver's elements, except for kText.
enum class Callback : std::uint8_t {
  kNone,
  kTest,    // its result is looked at and dropped
  kSupply,  // its result is part of the call's result
  kFold,    // its result is also its first parameter
  kText,    // gets and gives text
};

enum class Yield : std::uint8_t {
  kPlain,     // a primitive, nothing, or something made of primitives
  kElement,   // an element of the receiver
  kNew,       // a new object that holds elements of the receiver
  kReceiver,  // the receiver
};

struct Method {
  std::string_view name;
  bool mutates;  // changes the receiver
  Yield yield;
  Callback callback;
  Argument argument;
};

// The method of strings, numbers, lists, maps, sets, regular expressions or promises with this
// name; where types share a name, the one that does most. nullptr when there is none.
const Method* find_method(std::string_view name);

// A function that reads its arguments and changes none of them.
struct Function {
  std::string_view object;  // empty for a global function or constructor
  std::string_view name;    // empty for every function of the object
  Argument argument;
  bool calls_back;  // hands parts of one argument to functions among the others
};
const Function* find_function(std::string_view object, std::string_view name);

// The words of reference.md section 2.7 that a handler must not use as free names.
bool is_forbidden_global(std::string_view name);

}  // namespace nexus::capability
