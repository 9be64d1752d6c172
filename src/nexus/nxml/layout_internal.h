#pragma once

#include "nexus/nxml/ast.h"

namespace nexus::nxml {

// Gives every node of the tree its place in the 12-column grid: reference.md section 2.6. Depends
// on the tree alone, never on data.
void lay_out(ViewNode& root);

}  // namespace nexus::nxml
