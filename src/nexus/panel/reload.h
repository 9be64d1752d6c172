#pragma once

#include <functional>
#include <memory>

#include "nexus/panel/panel_state.h"
#include "nexus/panel/program.h"
#include "nexus/panel/segment.h"

namespace nexus::panel {

// A document that waits to take the place of a panel's own.
struct Reload {
  LoadedPanel loaded;
  std::string settings;  // PanelRecord::settings from then on
  // Called exactly once; an error leaves the panel as it was.
  std::function<void(Result<void>)> on_done;
};

// Called on the loop with the state that goes with the new document.
using ReloadDone = std::function<void(Result<std::shared_ptr<PanelState>>)>;

// Hands the making of that state to the executor: what `old` holds by the rules of
// state::Store::take_over(), with the computed values of the new document. `old` stays unchanged
// until `done`, which runs once on the loop. False when the executor has no room.
bool submit_reload(const SegmentHost& host, std::shared_ptr<const PanelState> old,
                   std::shared_ptr<Reload> reload, std::string panel_id, ReloadDone done);

}  // namespace nexus::panel
