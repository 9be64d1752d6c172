#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nexus/capability/capability.h"
#include "nexus/nxml/ast.h"

namespace nexus::panel {

// What a document declares, as far as its handlers refer to it by name.
struct DeclaredNames {
  std::set<std::string, std::less<>> state_keys;  // computed ones included
  // Alias in `$ext` -> last segment of the registered extension's name, which is what tokens speak
  // of.
  std::map<std::string, std::string, std::less<>> extensions;
};

// The most that any handler of a panel may do, whatever its document says.
struct Bounds {
  // Given with the panel's creation; not set: its own state, events and view and each extension it
  // declares (design.md section 4, "Default grants").
  std::optional<capability::GrantSet> grants = {};
  // The operator's; not set: everything.
  std::optional<capability::GrantSet> policy = {};
};

// What a handler may do at run time: (declared, else inferred) ∩ grants ∩ policy.
//
// Appends a diagnostic at its place in the file for each forbidden global, undeclared extension,
// unknown state key, malformed or unknown token, and for each use that what the handler may do does
// not cover: a handler that would be stopped half-way is refused before it runs.
//
// `declared` is nullptr when the tool has no Capabilities element; empty allows nothing.
capability::GrantSet grant_handler(const nxml::Handler& handler,
                                   const std::vector<nxml::CapabilityDecl>* declared,
                                   const DeclaredNames& names, const Bounds& bounds,
                                   std::vector<nxml::Diagnostic>& diagnostics);

}  // namespace nexus::panel
