#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/storage/records.h"

// Looks into a data directory from another program, also while a server writes to it. Any thread.
// Errors: kPanelNotFound, kStorageError naming the path.
namespace nexus::storage {

// As Store::history() and Store::export_panel(), of the data directory `directory`.
Result<std::vector<Segment>> read_history_of(const std::string& directory,
                                             const std::string& panel_id, std::uint64_t before,
                                             std::size_t limit);
Result<std::string> export_panel_of(const std::string& directory, const std::string& panel_id);

// As Store::import_panel(); refused while a server has the directory.
Result<void> import_panel_into(const std::string& directory, std::string file,
                               std::string panel_id);

}  // namespace nexus::storage
