#pragma once

#include <span>
#include <string>

#include "nexus/base/result.h"
#include "nexus/storage/sqlite_internal.h"

namespace nexus::storage {

// The database file inside the data directory.
std::string database_path(const std::string& directory);

// The schema version this program writes; PRAGMA user_version of the file.
std::int64_t schema_version();

// Whether the file behind `connection` is a Nexus database that this program can read, undamaged as
// far as the given check sees: "quick_check" or "integrity_check" of SQLite. `name` is what
// messages call it.
enum class Depth { kQuick, kFull };
Result<void> check_database(Connection& connection, const std::string& name, Depth depth);

// Sets up a connection that writes: write-ahead log, a sync of the disk with each commit.
Result<void> prepare_for_writing(Connection& connection);

// Brings a file that passed check_database(), or an empty one, to schema_version() in one
// transaction.
Result<void> migrate(Connection& connection);

// As migrate(), to the version that `steps` leads to: step n brings version n to n + 1.
Result<void> migrate(Connection& connection, std::span<const char* const> steps);

// A table that holds rows of panels.
struct PanelTable {
  const char* name;
  const char* key;  // what identifies a row besides the panel
  // The columns after `panel`, in the order of the schema: those of its first version, and those that
  // the second added.
  const char* columns;
  const char* added = nullptr;
};

// All tables with a `panel` column, except `panels` and `dropped`.
std::span<const PanelTable> panel_tables();

}  // namespace nexus::storage
