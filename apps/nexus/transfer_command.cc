#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "commands.h"
#include "files.h"
#include "nexus/storage/offline.h"

namespace nexus::cli {
namespace {

int fail(const char* command, const Error& error) {
  fmt::print(stderr, "nexus {}: {}\n", command, error.message);
  return 1;
}

}  // namespace

int export_panel(const TransferOptions& options) {
  if (access(options.file.c_str(), F_OK) == 0)
    return fail("export", {ErrorCode::kStorageError,
                           fmt::format("\"{}\" exists; it is not replaced", options.file)});
  const auto bytes = storage::export_panel_of(options.directory, options.panel);
  if (!bytes.ok()) return fail("export", bytes.error());
  if (auto written = write_file(options.file, *bytes); !written.ok())
    return fail("export", written.error());
  return 0;
}

int import_panel(const TransferOptions& options) {
  auto bytes = read_file(options.file);
  if (!bytes.ok()) return fail("import", bytes.error());
  auto done = storage::import_panel_into(options.directory, std::move(bytes).take(), options.panel);
  if (!done.ok()) return fail("import", done.error());
  return 0;
}

}  // namespace nexus::cli
