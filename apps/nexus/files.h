#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/nxml/nxml.h"

namespace nexus::cli {

// The bytes of a file of at most 64 MiB, "-" for standard input. The error names the path and the cause.
Result<std::string> read_file(const std::string& path);

// Replaces the file by `text`, whole or not at all. The error names the path and the cause.
Result<void> write_file(const std::string& path, const std::string& text);

// One line each: "file:line:col: error CODE: message".
void print_diagnostics(const std::vector<nxml::Diagnostic>& diagnostics, const std::string& file,
                       std::FILE* to);

}  // namespace nexus::cli
