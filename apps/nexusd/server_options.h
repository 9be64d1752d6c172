#pragma once

#include "nexus/server/server.h"
#include "settings.h"

namespace nexusd {

// What the settings say to the server. Left to the caller: what runs panels, and the authenticator.
nexus::server::Options make_server_options(const Settings& settings);

}  // namespace nexusd
