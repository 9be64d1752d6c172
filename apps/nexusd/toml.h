#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <string>

#include "nexus/base/result.h"

namespace nexusd {

// The table in the TOML file at `path`, of at most 1 MiB. Error kInvalidArgument: one line that starts
// with `setting`, who named the file, or with the file and the line.
nexus::Result<toml::table> read_toml(std::string_view setting, const std::string& path);

}  // namespace nexusd
