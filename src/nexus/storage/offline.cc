#include "nexus/storage/offline.h"

#include <fmt/format.h>

#include <future>

#include "nexus/storage/database_internal.h"
#include "nexus/storage/panel_file_internal.h"
#include "nexus/storage/panel_reader_internal.h"
#include "nexus/storage/schema_internal.h"
#include "nexus/storage/store.h"

namespace nexus::storage {
namespace {

Result<std::unique_ptr<Connection>> open_for_reading(const std::string& directory) {
  const std::string file = database_path(directory);
  auto connection = Connection::open(file, Connection::Mode::kRead, {});
  if (!connection.ok())
    return Error{ErrorCode::kStorageError,
                 fmt::format("{}: {} ({})", file, connection.error().message,
                             connection.error().detail)};
  NX_TRY(const std::int64_t version, (*connection)->number("PRAGMA user_version"));
  if (version == schema_version()) return connection;
  return Error{ErrorCode::kStorageError,
               fmt::format("{} has schema {}, and this program reads schema {}: use the Nexus that wrote "
                           "it, or let a newer nexusd start on it once",
                           file, version, schema_version())};
}

}  // namespace

Result<std::vector<Segment>> read_history_of(const std::string& directory,
                                             const std::string& panel_id, std::uint64_t before,
                                             std::size_t limit) {
  NX_TRY(const auto connection, open_for_reading(directory));
  return read_history(*connection, panel_id, before, limit);
}

Result<std::string> export_panel_of(const std::string& directory, const std::string& panel_id) {
  NX_TRY(const auto connection, open_for_reading(directory));
  return export_panel(*connection, panel_id);
}

Result<void> import_panel_into(const std::string& directory, std::string file,
                               std::string panel_id) {
  NX_TRY(auto claim, DataDir::open(directory));
  NX_TRY(const auto store, Store::open(std::move(claim), {}));
  std::promise<Result<void>> promise;
  store->import_panel(std::move(file), std::move(panel_id),
                      [&](Result<void> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

}  // namespace nexus::storage
