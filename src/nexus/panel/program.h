#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/extension/registry.h"
#include "nexus/nxml/nxml.h"
#include "nexus/panel/computed_values.h"
#include "nexus/panel/resolved_view.h"
#include "nexus/panel/workspace.h"
#include "nexus/state/store.h"

namespace nexus::panel {

// One handler, checked and compiled, with what every run of it has in common.
struct PreparedHandler {
  std::string name;  // of its tool, or "mount" and "unmount"
  engine::HandlerSource source;
  capability::GrantSet capabilities;
  engine::Limits limits;
};

struct PreparedTool {
  const nxml::Tool* declaration = nullptr;  // in the program's document
  PreparedHandler handler;
};

struct DeclaredExtension {
  extension::Extension* extension = nullptr;
  std::shared_ptr<const value::Object> settings;
};

// A document that is ready to live. Frozen once loaded.
struct Program {
  std::string source;  // NXML
  std::shared_ptr<const nxml::Document> document;
  std::vector<nxml::Diagnostic> warnings;
  std::string ast_json;
  std::map<std::string, DeclaredExtension, std::less<>> extensions;  // by alias
  std::shared_ptr<const engine::ExtensionMethods> methods;
  std::map<std::string, PreparedTool, std::less<>> tools;
  std::optional<PreparedHandler> mount;
  std::optional<PreparedHandler> unmount;
  std::shared_ptr<const ComputedValues> computed;
  std::shared_ptr<const ResolvedView> view;
};

struct LoadedPanel {
  std::shared_ptr<const Program> program;
  state::Store store;
};

// Parses and checks a document, asks the engine to compile each handler, and makes its first state.
// All diagnostics come together, errors first, each sort in order of position. Takes milliseconds,
// so it runs on a thread that may enter the sandbox and not on the loop; touches nothing that
// changes.
std::variant<LoadedPanel, CreateError> load_panel(const CreateRequest& request,
                                                  const Settings& settings,
                                                  engine::Engine& engine,
                                                  const extension::Registry& extensions);

}  // namespace nexus::panel
