#include "nexus/storage/backup.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "nexus/storage/data_dir.h"
#include "nexus/storage/database_internal.h"
#include "nexus/storage/schema_internal.h"

namespace nexus::storage {
namespace {

namespace fs = std::filesystem;

Error about(const std::string& path, const Error& error) {
  return {ErrorCode::kStorageError, fmt::format("{}: {} ({})", path, error.message, error.detail)};
}

// All pages in one step, so that the copy is of one moment and never starts over.
Result<void> copy_pages(Connection& from, Connection& to) {
  sqlite3_backup* const copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (copy == nullptr) return storage_error(to.handle());
  sqlite3_backup_step(copy, -1);
  if (sqlite3_backup_finish(copy) != SQLITE_OK) return storage_error(to.handle());
  return {};
}

// Copies to the new file `target`; a single file, without a log.
Result<void> copy_database(Connection& from, const std::string& target, bool new_epochs) {
  NX_TRY_VOID(create_file(target));
  auto to = Connection::open(target, Connection::Mode::kWrite, {});
  if (!to.ok()) return about(target, to.error());
  const auto copy = [&]() -> Result<void> {
    NX_TRY_VOID(copy_pages(from, **to));
    NX_TRY_VOID((*to)->execute("PRAGMA journal_mode = DELETE"));
    if (new_epochs) NX_TRY_VOID(renew_epochs(**to, "true"));
    return {};
  };
  if (auto copied = copy(); !copied.ok()) return about(target, copied.error());
  return check_database(**to, target, Depth::kFull);
}

// Copies by way of a file beside `target`, which gets its name when all is well.
Result<void> copy_into_place(Connection& from, const std::string& target, bool new_epochs) {
  const std::string partial = target + ".partial";
  const auto copy = [&]() -> Result<void> {
    NX_TRY_VOID(copy_database(from, partial, new_epochs));
    NX_TRY_VOID(sync_path(partial));
    // Unlike rename(), link() does not replace a file that came into being meanwhile.
    if (link(partial.c_str(), target.c_str()) != 0)
      return path_error(target, "cannot be created", errno);
    return {};
  };
  if (access(partial.c_str(), F_OK) == 0)
    return path_error(partial, "is in the way; remove it if no backup is running", EEXIST);
  auto copied = copy();
  unlink(partial.c_str());
  if (!copied.ok()) return copied;
  const fs::path parent = fs::path(target).parent_path();
  return sync_path(parent.empty() ? "." : parent.string());
}

Result<std::unique_ptr<Connection>> open_source(const std::string& file) {
  auto source = Connection::open(file, Connection::Mode::kRead, {});
  if (!source.ok()) return about(file, source.error());
  return source;
}

// The claim of whoever asks, and what ext4 leaves at the top of a new volume, do not count.
Result<void> require_empty(const std::string& directory) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name != "nexusd.lock" && name != "lost+found")
      return Error{ErrorCode::kStorageError,
                   fmt::format("data directory \"{}\" is not empty ({}); restore into a new one",
                               directory, name)};
  }
  if (error) return path_error(directory, "cannot be read", error.value());
  return {};
}

}  // namespace

Result<void> backup(const std::string& directory, const std::string& file) {
  if (access(file.c_str(), F_OK) == 0) return path_error(file, "cannot be created", EEXIST);
  NX_TRY(const auto source, open_source(database_path(directory)));
  return copy_into_place(*source, file, false);
}

Result<void> restore(const std::string& file, const std::string& directory) {
  NX_TRY(const auto source, open_source(file));
  NX_TRY_VOID(check_database(*source, file, Depth::kFull));
  NX_TRY(const auto lock, DataDir::open(directory));
  NX_TRY_VOID(require_empty(directory));
  return copy_into_place(*source, database_path(directory), true);
}

}  // namespace nexus::storage
