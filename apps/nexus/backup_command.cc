#include "nexus/storage/backup.h"

#include <fmt/format.h>

#include <cstdio>

#include "commands.h"

namespace nexus::cli {
namespace {

int report(const char* command, const Result<void>& result) {
  if (result.ok()) return 0;
  fmt::print(stderr, "nexus {}: {}\n", command, result.error().message);
  return 1;
}

}  // namespace

int backup(const std::string& directory, const std::string& file) {
  return report("backup", storage::backup(directory, file));
}

int restore(const std::string& file, const std::string& directory) {
  return report("restore", storage::restore(file, directory));
}

}  // namespace nexus::cli
