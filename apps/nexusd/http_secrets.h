#pragma once

#include <string>

#include "nexus/base/result.h"
#include "nexus/extension/http_secrets.h"

namespace nexusd {

// Reads HTTP_SECRETS_FILE: a TOML table for each secret, with `value` or `file`, `origins` and perhaps
// `workspaces`, which is `own_workspace` when it is not there; docs/SECURITY.md. An empty path is no
// secrets. Error kInvalidArgument: one line that names file, line and key, never a value.
nexus::Result<nexus::extension::HttpSecrets> read_http_secrets(const std::string& path,
                                                               const std::string& own_workspace);

}  // namespace nexusd
