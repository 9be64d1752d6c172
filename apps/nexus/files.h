#pragma once

#include <string>

#include "nexus/base/result.h"

namespace nexus::cli {

// The bytes of a file of at most 64 MiB, "-" for standard input. The error names the path and the cause.
Result<std::string> read_file(const std::string& path);

}  // namespace nexus::cli
