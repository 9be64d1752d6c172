#pragma once

#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/storage/records.h"
#include "nexus/storage/sqlite_internal.h"

// The changes a Store takes, as statements on a connection that is inside a transaction. Each fails
// as a whole: the caller then rolls back to where it began.
namespace nexus::storage {

// Error kPanelExists when the id is taken.
Result<void> insert_panel(Connection& connection, const PanelRecord& panel,
                          const std::vector<StateChange>& state);

// The row of `panels` alone; returns the number of the panel's other rows. Error kPanelExists.
Result<std::int64_t> insert_record(Connection& connection, const PanelRecord& panel);

// Keeps the newest `keep` entries of the panel's history. Error kPanelNotFound, or kStorageError
// when the transaction does not follow the panel's last.
Result<void> apply_transaction(Connection& connection, const Transaction& transaction,
                               std::uint64_t keep);

// Error kPanelNotFound.
Result<void> drop_panel(Connection& connection, std::string_view panel_id);

// The epoch of a new life of a panel; random.
std::string new_epoch();

Error panel_not_found(std::string_view panel_id);

}  // namespace nexus::storage
