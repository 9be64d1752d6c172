#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "nexus/storage/database_internal.h"
#include "nexus/storage/records.h"
#include "nexus/storage/schema_internal.h"

namespace nexus::storage {
namespace {

// Size in bytes; 0 when there is no such file.
std::int64_t file_size(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

// SQLite would take an empty file for a new database and drop the log that belongs to the lost one.
Result<void> create_if_missing(const std::string& directory, const std::string& file) {
  if (file_size(file) > 0) return {};
  if (file_size(file + "-wal") > 0)
    return Error{
        ErrorCode::kStorageError,
        fmt::format(
            "{} is missing or empty, but its log {}-wal is not; nothing was changed: put the file "
            "back, or restore a backup into another directory",
            file, file)};
  if (access(file.c_str(), F_OK) != 0) NX_TRY_VOID(create_file(file));
  return sync_path(directory);
}

// A start that was cut off before the schema was complete leaves such a file.
bool is_blank(Connection& connection) {
  const auto objects = connection.number("SELECT count(*) FROM sqlite_schema");
  const auto id = connection.number("PRAGMA application_id");
  return objects.ok() && id.ok() && *objects == 0 && *id == 0;
}

Result<void> check_unless_blank(Connection& connection, const std::string& file) {
  // What is refused is left as it is, its log included.
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (!is_blank(connection)) NX_TRY_VOID(check_database(connection, file, Depth::kQuick));
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return {};
}

Result<void> mark_in_use(Connection& connection) {
  NX_TRY_VOID(connection.execute("BEGIN IMMEDIATE"));
  NX_TRY(const std::int64_t clean,
         connection.number("SELECT value FROM properties WHERE name = 'clean'"));
  static_assert(static_cast<int>(Durability::kAsync) == 1);
  if (clean == 0) NX_TRY_VOID(renew_epochs(connection, "durability = 1"));
  return connection.execute("UPDATE properties SET value = 0 WHERE name = 'clean'; COMMIT");
}

Result<void> start(Connection& connection) {
  NX_TRY_VOID(prepare_for_writing(connection));
  NX_TRY_VOID(migrate(connection));
  return mark_in_use(connection);
}

Error cannot_use(const std::string& directory, const Error& error) {
  return {ErrorCode::kStorageError, fmt::format("data directory \"{}\" cannot be used: {} ({})",
                                                directory, error.message, error.detail)};
}

}  // namespace

Error path_error(const std::string& path, std::string_view what, int error) {
  return {ErrorCode::kStorageError,
          fmt::format("{} {}: {}", path, what, std::generic_category().message(error))};
}

Result<void> create_file(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return path_error(path, "cannot be created", errno);
  close(file);
  return {};
}

Result<void> sync_path(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return path_error(path, "cannot be opened", errno);
  const int error = fsync(file) == 0 ? 0 : errno;
  close(file);
  if (error != 0) return path_error(path, "cannot be written to the disk", error);
  return {};
}

Result<void> renew_epochs(Connection& connection, const char* where) {
  // SQLite seeds its generator from the kernel; as long as new_epoch().
  const std::string sql =
      fmt::format("UPDATE panels SET epoch = lower(hex(randomblob(8))) WHERE {}", where);
  return connection.execute(sql.c_str());
}

Result<std::unique_ptr<Connection>> open_database(const std::string& directory,
                                                  const std::string& vfs) {
  const std::string file = database_path(directory);
  NX_TRY_VOID(create_if_missing(directory, file));
  auto connection = Connection::open(file, Connection::Mode::kWrite, vfs);
  if (!connection.ok()) return cannot_use(directory, connection.error());
  NX_TRY_VOID(check_unless_blank(**connection, file));
  if (auto started = start(**connection); !started.ok())
    return cannot_use(directory, started.error());
  return connection;
}

}  // namespace nexus::storage
