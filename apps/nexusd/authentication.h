#pragma once

#include <memory>

#include "nexus/auth/authenticator.h"
#include "nexus/base/result.h"
#include "nexus/loop/loop.h"
#include "settings.h"

namespace nexusd {

// The authenticator that the settings describe, with its keys being read; nullptr when AUTH_ENABLED
// is false. Lives on the loop, which outlives it. Error kInvalidArgument for a JWT_JWKS_FILE that
// is no set of keys; a JWT_JWKS_URL that does not answer is tried again later, since it may start
// after this server.
nexus::Result<std::unique_ptr<nexus::auth::Authenticator>> make_authenticator(
    nexus::loop::Loop& loop, const Settings& settings);

}  // namespace nexusd
