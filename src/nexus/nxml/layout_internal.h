#pragma once

#include "nexus/nxml/ast.h"

namespace nexus::nxml {

// Starts the rows of the 12-column grid that the children of `parent` stand in: reference.md section 2.6. Each knows
// how many columns it takes. Depends on the tree alone, never on data.
void lay_out_children(ViewNode& parent);

}  // namespace nexus::nxml
