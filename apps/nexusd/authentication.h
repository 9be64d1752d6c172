#pragma once

#include <functional>
#include <memory>

#include "nexus/auth/authenticator.h"
#include "nexus/base/result.h"
#include "nexus/loop/loop.h"
#include "settings.h"

namespace nexusd {

// The authenticator that the settings describe, with its keys being read; nullptr when AUTH_ENABLED
// is false. Lives on the loop, which outlives it. Error kInvalidArgument for a JWT_JWKS_FILE that
// is no set of keys; a JWT_JWKS_URL that does not answer is tried again later, since it may start
// after this server. `started` hears, once, from inside the authenticator or this call, whether there are keys; without
// it the log does. It is not called when this function fails or has nothing to answer.
nexus::Result<std::unique_ptr<nexus::auth::Authenticator>> make_authenticator(
    nexus::loop::Loop& loop, const Settings& settings,
    std::function<void(nexus::Result<void>)> started = {});

}  // namespace nexusd
