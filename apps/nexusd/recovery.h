#pragma once

#include "nexus/base/result.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/workspace.h"

namespace nexusd {

// Brings back what is stored, and drives `loop`, which nobody drives yet, until that is done: nobody is
// served before. The result is in the log. Error kStorageError: the store cannot be read at all.
nexus::Result<void> recover_panels(nexus::loop::Loop& loop, nexus::panel::Workspace& workspace);

}  // namespace nexusd
