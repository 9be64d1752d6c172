#pragma once

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

// A use of something that must not be used, or a name that does not resolve.
struct Finding {
  ErrorCode code;  // kPermissionDenied never; see the fields of HandlerAnalysis
  std::string name;
  Location location;
};

// What a static reading of a handler finds. Positions are within the given text, 1-based.
struct HandlerAnalysis {
  // Over-approximated: whatever the handler can do at run time is covered. A dynamic key, an alias of a
  // whole global or a spread asks for the wildcard. Sorted by token, without duplicates.
  std::vector<Need> needs;
  // Free identifiers among the 41 words of reference.md section 2.7.
  std::vector<Finding> forbidden_globals;
  // Names used as $ext.<name>, each once, at its first use.
  std::vector<Finding> extensions;
  // Names used as $state.<name>, each once, at its first use.
  std::vector<Finding> state_keys;
  bool uses_await = false;
};

// Reads the body of a handler (the text between <Handler> tags) with a JavaScript grammar, never with
// regular expressions. Syntax errors do not matter here: the compiler reports them, and what cannot be
// parsed asks for every wildcard it might need. Any thread.
HandlerAnalysis analyze_handler(std::string_view source);

}  // namespace nexus::capability
