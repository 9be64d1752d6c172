#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/panel/workspace.h"

namespace nexusd {

// The *.nxml files of `directory` in order of their names. Error kInvalidArgument when it cannot be
// read.
nexus::Result<std::vector<std::string>> find_panel_files(const std::string& directory);

// Creates a panel of the workspace `owner` from each file, in order, and calls `done` when every
// one has been answered. A file that is no panel is reported on standard error, one
// "file:line:column: ..." line for each diagnostic, and the others load. Loop thread.
void load_panel_files(nexus::panel::Workspace& workspace, std::vector<std::string> files,
                      const std::string& owner, std::function<void()> done);

}  // namespace nexusd
