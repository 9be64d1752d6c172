#pragma once

#include "nexus/base/result.h"

namespace nexusd {

// Leaves to all threads of this process only the system calls that a running server needs (seccomp); no_new_privs must
// be set. Error kUnavailable: why not.
nexus::Result<void> restrict_calls();

}  // namespace nexusd
