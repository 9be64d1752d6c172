#pragma once

#include <string>

#include "nexus/engine/engine.h"
#include "nexus/nxml/ast.h"

namespace nexus::panel {

// The view of one document as a handler that resolves it in the sandbox: bindings evaluated, If and
// Iterate expanded. It has no capabilities; the state is handed to it. Frozen; any thread.
class ResolvedView {
 public:
  // Components in one resolved view; what comes after them is left out, with a diagnostic.
  static constexpr int kMaxNodes = 10000;

  ResolvedView(const nxml::Document& document, const engine::Limits& limits);

  // The members `root` and `diagnostics` of the answer to GET /panels/{id}/view (docs/PROTOCOL.md),
  // without braces, for a state given as JSON. Errors: what stopped the run, kResourceLimit for a
  // view past the size of a value. Blocks; the thread may enter the sandbox.
  Result<std::string> resolve(engine::Engine& engine, const std::string& panel_id,
                              std::string state_json) const;

 private:
  engine::HandlerSource source_;
  engine::Limits limits_;
};

}  // namespace nexus::panel
