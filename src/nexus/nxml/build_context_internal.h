#pragma once

#include "nexus/base/arena.h"
#include "nexus/nxml/ast.h"
#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/expression_reader_internal.h"

namespace nexus::nxml {

// What the builders of one document's view and expressions share.
struct BuildContext {
  BuildContext(Arena& arena_, Diagnostics& diagnostics_)
      : arena(arena_), diagnostics(diagnostics_), expressions(arena_), parts(arena_) {}

  Arena& arena;  // of the document
  Diagnostics& diagnostics;
  ExpressionReader expressions;
  ArenaListMaker<Template::Part> parts;  // of the template at hand; empty between two
};

}  // namespace nexus::nxml
