#pragma once

#include "nexus/nxml/ast.h"

namespace nexus::nxml {

// Starts the rows of the 12-column grid: reference.md section 2.6. Each node knows how many columns
// it takes. Depends on the tree alone, never on data.
void lay_out(ViewNode& parent);

}  // namespace nexus::nxml
