#pragma once

#include <memory>
#include <string>

#include "nexus/base/result.h"
#include "nexus/storage/sqlite_internal.h"

namespace nexus::storage {

// Opens the database in `directory`, which the caller has locked, for its only writer: creates it
// when there is none, checks and migrates it otherwise, and marks it as in use, so that the next
// start knows whether this one ended in order. Errors as Store::open().
Result<std::unique_ptr<Connection>> open_database(const std::string& directory,
                                                  const std::string& vfs);

// Gives a new epoch to the panels that `where` selects, because what clients know of them may be
// ahead.
Result<void> renew_epochs(Connection& connection, const char* where);

// Creates an empty file for this user only; fails when it exists. Error kStorageError naming the
// path.
Result<void> create_file(const std::string& path);

// Makes the content of a file, or the names in a directory, survive a power cut.
Result<void> sync_path(const std::string& path);

// kStorageError: path, what went wrong, and what the system says about `error`.
Error path_error(const std::string& path, std::string_view what, int error);

}  // namespace nexus::storage
