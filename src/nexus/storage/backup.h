#pragma once

#include <string>

#include "nexus/base/result.h"

namespace nexus::storage {

// Copies the database of `directory` to a new file, also while a server writes to it: the copy is
// as of one moment and holds back nobody. The file appears under its name once it is complete,
// checked and on the disk. Error kStorageError naming the path: there is no database, the file
// exists, the disk is full, what was read is damaged. Any thread.
Result<void> backup(const std::string& directory, const std::string& file);

// Makes `directory`, which is empty or does not exist, the data directory that `file` was taken
// from. All panels get new epochs, since clients may have seen later versions. Error kStorageError
// naming the path: the file is damaged, no backup, or from a newer version; the directory is in use
// or not empty. Any thread.
Result<void> restore(const std::string& file, const std::string& directory);

}  // namespace nexus::storage
