#pragma once

#include <string>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/storage/sqlite_internal.h"

// One panel as a file:
//
//   "nexus-panel\n", format version, schema version,
//   rows: table (its place in panel_tables() plus 1; 0 ends the list), then each column,
//   the SHA-256 of everything before it, as 64 hexadecimal characters.
//
// Numbers and lengths are those of put_number(). A column is its type (Query::Type) and its
// content: a number in two's complement, or bytes. The first row is that of `panels`, without a
// table.
namespace nexus::storage {

Result<std::string> export_panel(Connection& connection, std::string_view panel_id);

// Inside the caller's transaction. `panel_id`: empty for the file's own. Error kBadRequest: no such
// file, a newer one, or damaged; kPanelExists.
Result<void> import_panel(Connection& connection, std::string_view file, std::string_view panel_id);

}  // namespace nexus::storage
