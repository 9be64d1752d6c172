#pragma once

#include <string>

#include "nexus/engine/engine.h"
#include "nexus/extension/registry.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// What load_panel() finds in a document, and what its handlers need, as far as it can be read: the body of
// POST /check in docs/PROTOCOL.md. Where it may run: as load_panel().
std::string check_document(const std::string& source, const Settings& settings,
                           engine::Engine& engine, const extension::Registry& extensions);

}  // namespace nexus::panel
