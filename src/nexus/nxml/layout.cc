#include <string_view>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/layout_internal.h"

namespace nexus::nxml {
namespace {

constexpr int kColumns = 12;

// A Layout packs its children unless its strategy says otherwise; a strategy bound to state is not
// known here and so does not pack.
bool packs_children(const ViewNode& node) {
  if (!equals(node.type, "Layout")) return false;
  for (const Prop& prop : node.props) {
    if (!equals(prop.name, "strategy")) continue;
    const auto* strategy = std::get_if<std::string_view>(&prop.value);
    return strategy != nullptr && equals(*strategy, "auto");
  }
  return true;
}

}  // namespace

void lay_out_children(ViewNode& parent) {
  const bool packs = packs_children(parent);
  int row = 0;
  for (ViewNode& child : parent.children) {
    const int weight = child.layout.col_span;
    child.layout.new_row = packs && row + weight > kColumns;
    row = child.layout.new_row ? weight : row + weight;
  }
}

}  // namespace nexus::nxml
