#pragma once

#include "nexus/base/result.h"
#include "settings.h"

namespace nexusd {

// Asks the server that these settings describe, over this machine's loopback or the address it is bound to, whether it
// is ready: what a container's health check runs (`nexusd --healthcheck`). Takes at most three seconds. Error: why it
// is not.
nexus::Result<void> check_running_server(const Settings& settings);

}  // namespace nexusd
