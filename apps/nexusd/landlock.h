#pragma once

#include "nexus/base/result.h"
#include "second_wall.h"

namespace nexusd {

// Closes all files but those of `paths` to this thread and those it starts (Landlock, Linux 5.13 or newer). What is open
// already stays open. Answers the version of the kernel's interface. Error kUnavailable: why there is none.
nexus::Result<int> restrict_files(const WallPaths& paths);

}  // namespace nexusd
