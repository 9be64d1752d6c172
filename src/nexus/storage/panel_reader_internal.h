#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/storage/records.h"
#include "nexus/storage/sqlite_internal.h"

// The reads of a Store, each on one connection; see store.h for what they answer. Those that take
// several statements run inside a transaction of their own, so that they see one moment.
namespace nexus::storage {

Result<std::vector<std::string>> read_panels(Connection& connection);
Result<PanelRecord> read_record(Connection& connection, std::string_view panel_id);
Result<StoredPanel> read_panel(Connection& connection, std::string_view panel_id);
Result<std::vector<Segment>> read_history(Connection& connection, std::string_view panel_id,
                                          std::uint64_t before, std::size_t limit);
Result<std::vector<Segment>> read_patches(Connection& connection, std::string_view panel_id,
                                          std::uint64_t since);
Result<std::vector<StateChange>> read_state_at(Connection& connection, std::string_view panel_id,
                                               std::uint64_t version);
Result<std::string> read_failure(Connection& connection, std::string_view panel_id,
                                 std::string_view execution_id);
Result<ExecutionRecord> read_execution(Connection& connection, std::string_view panel_id,
                                       std::string_view execution_id, std::int64_t now_ms);
Result<IdempotencyRecord> read_idempotency(Connection& connection, std::string_view panel_id,
                                           std::string_view key, std::int64_t now_ms);
Result<std::optional<std::string>> read_kv(Connection& connection, std::string_view panel_id,
                                           std::string_view key);
Result<std::vector<std::string>> read_kv_keys(Connection& connection, std::string_view panel_id,
                                              std::string_view after, std::size_t limit);

// The number of a panel's rows, or kPanelNotFound.
Result<std::int64_t> find_panel(Connection& connection, std::string_view panel_id);

// A read transaction for as long as it lives.
class Moment {
 public:
  static Result<Moment> begin(Connection& connection);
  Moment(Moment&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ~Moment();

 private:
  explicit Moment(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace nexus::storage
