#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/capability/capability.h"

namespace nexus::capability {

// A token a handler needs, with the first place in the handler's text that needs it.
struct Need {
  Token token;
  Location location;
};

// A name at a place, and the code that a use of it earns when it does not resolve or must not be
// used: kCompilationError for a forbidden global, kExtensionNotFound for an extension, kStateError
// for a state key.
struct Finding {
  ErrorCode code;
  std::string name;
  Location location;
};

// What a static reading of a handler finds. Positions are within the given text, 1-based.
struct HandlerAnalysis {
  // Over-approximated: whatever the handler can do at run time is covered, given that it reaches
  // the panel through $state, $emit, $view, $ext and NexusAPI only. A dynamic key, an alias of a
  // whole global or a name that no token can hold asks for the wildcard; narrower tokens found
  // beside it stay listed. Sorted by token, without duplicates.
  std::vector<Need> needs;
  // Free identifiers among the 41 words of reference.md section 2.7: every use, in order of the
  // text, at most kMaxForbiddenUses.
  std::vector<Finding> forbidden_globals;
  // Names used as $ext.<name>, each once, at its first use, in order of the text.
  std::vector<Finding> extensions;
  // Names used as $state.<name>, each once, at its first use, in order of the text. Asking whether
  // a key is there is not a use.
  std::vector<Finding> state_keys;
  bool uses_await = false;
};

constexpr std::size_t kMaxForbiddenUses = 100;

// Reads the body of a handler (the text between <Handler> tags) with a JavaScript grammar, never
// with regular expressions. Syntax errors do not matter here: the compiler reports them, and what
// cannot be parsed asks for every wildcard it might need; so does a text of more than 256 KiB, or
// one too tangled to be read. At most about a second of CPU time and little stack, whatever the
// text. Any thread.
HandlerAnalysis analyze_handler(std::string_view source);

}  // namespace nexus::capability
