#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "commands.h"
#include "files.h"
#include "nexus/storage/offline.h"

namespace nexus::cli {
namespace {

int fail(const char* command, const Error& error) {
  fmt::print(stderr, "nexus {}: {}\n", command, error.message);
  return 1;
}

// One that exists is not replaced; one that cannot be written whole does not stay.
Result<void> create_file(const std::string& path, const std::string& bytes) {
  const auto refuse = [&](int cause) {
    return Error{ErrorCode::kStorageError,
                 fmt::format("\"{}\" cannot be created: {}", path, std::strerror(cause))};
  };
  std::FILE* const file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr) return refuse(errno);
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() &&
                     std::fflush(file) == 0 && fsync(fileno(file)) == 0;
  const int cause = errno;
  std::fclose(file);
  if (whole) return {};
  std::remove(path.c_str());
  return refuse(cause);
}

}  // namespace

int export_panel(const TransferOptions& options) {
  const auto bytes = storage::export_panel_of(options.directory, options.panel);
  if (!bytes.ok()) return fail("export", bytes.error());
  if (auto written = create_file(options.file, *bytes); !written.ok())
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
