#pragma once

#include <string>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/capability/capability.h"
#include "nexus/nxml/ast.h"

namespace nexus::panel {

// A capability that a handler needs, with the first place in the file that needs it.
struct FileNeed {
  capability::Token token;
  Location at;
};

// What one handler needs, and what its tool declares.
struct HandlerNeeds {
  std::string handler;  // the tool's name, or "mount" and "unmount"
  std::vector<FileNeed> needs;
  const std::vector<nxml::CapabilityDecl>* declared = nullptr;  // in the document; nullptr: nothing is declared
};

// Tools in the order of the document, then the lifecycle. Extensions are named as tokens do, not by their aliases.
// Any thread; time as capability::analyze_handler for each handler.
std::vector<HandlerNeeds> handler_needs(const nxml::Document& document);

// A JSON list of {handler,needs:[{token,line,column}],declared?:[token]}.
void write_json(const std::vector<HandlerNeeds>& handlers, std::string& out);

}  // namespace nexus::panel
