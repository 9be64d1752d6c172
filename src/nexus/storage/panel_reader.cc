#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "nexus/storage/bytes_internal.h"
#include "nexus/storage/panel_reader_internal.h"
#include "nexus/storage/panel_writer_internal.h"

namespace nexus::storage {
namespace {

#define NX_SEGMENT_COLUMNS \
  "sequence, version, at_ms, duration_us, actor, tool, execution, args, events, mutations, " \
  "failure"

Result<Segment> segment_of(const Query& row) {
  Segment segment{row.number(0), row.number(1), row.integer(2), row.integer(3), row.bytes(4),
                  row.bytes(5),  row.bytes(6),  row.bytes(7),   row.bytes(8),   {},
                  row.bytes(10)};
  NX_TRY(segment.mutations, unpack_changes(row.bytes(9)));
  return segment;
}

Result<std::vector<StateChange>> read_state(Connection& connection, std::int64_t panel) {
  std::vector<StateChange> state;
  Query rows = connection.query("SELECT key, value FROM state WHERE panel = ? ORDER BY key", panel);
  for (;;) {
    NX_TRY(const bool found, rows.step());
    if (!found) return state;
    state.push_back({rows.bytes(0), rows.bytes(1)});
  }
}

Result<std::vector<PendingCall>> read_calls(Connection& connection, std::int64_t panel,
                                            const std::string& execution_id) {
  std::vector<PendingCall> calls;
  Query rows = connection.query(
      "SELECT call, extension, method, args, deadline_ms, repeatable, failed, answer FROM calls"
      " WHERE panel = ? AND execution = ? ORDER BY place",
      panel, execution_id);
  for (;;) {
    NX_TRY(const bool found, rows.step());
    if (!found) return calls;
    calls.push_back({rows.bytes(0), rows.bytes(1), rows.bytes(2), rows.bytes(3), rows.integer(4),
                     rows.integer(5) != 0, rows.integer(6) != 0, rows.optional_bytes(7)});
  }
}

// In the order in which they started. Sorted here: SQLite would move the memories of all runs about.
Result<std::vector<SuspendedRun>> read_suspended(Connection& connection, std::int64_t panel) {
  std::vector<SuspendedRun> runs;
  Query rows = connection.query(
      "SELECT execution, guest_hash, image_hash, memory, host, running_us, started_ms, deadline_ms "
      "FROM suspended WHERE panel = ?",
      panel);
  for (;;) {
    NX_TRY(const bool found, rows.step());
    if (!found) {
      std::ranges::stable_sort(runs, {}, &SuspendedRun::started_ms);
      return runs;
    }
    SuspendedRun run{rows.bytes(0),   rows.bytes(1),   rows.bytes(2),
                     rows.bytes(3),   rows.bytes(4),   rows.integer(5),
                     rows.integer(6), rows.integer(7), {}};
    NX_TRY(run.calls, read_calls(connection, panel, run.execution_id));
    runs.push_back(std::move(run));
  }
}

Result<std::vector<Timer>> read_timers(Connection& connection, std::int64_t panel) {
  std::vector<Timer> timers;
  Query rows = connection.query(
      "SELECT name, due_ms, data FROM timers WHERE panel = ? ORDER BY name", panel);
  for (;;) {
    NX_TRY(const bool found, rows.step());
    if (!found) return timers;
    timers.push_back({rows.bytes(0), rows.integer(1), rows.bytes(2)});
  }
}

Error not_kept(std::string_view panel_id, std::uint64_t version) {
  return {
      ErrorCode::kNotFound,
      fmt::format("the history of panel \"{}\" does not reach from version {} to the present one",
                  panel_id, version)};
}

Result<std::uint64_t> read_version(Connection& connection, std::int64_t panel) {
  Query rows = connection.query("SELECT version FROM panels WHERE panel = ?", panel);
  NX_TRY_VOID(rows.step());
  return rows.number(0);
}

// Hands the rows of the segments that raised the version past `version` to `take`, newest first.
template <typename Take>
Result<void> walk_back(Connection& connection, std::string_view panel_id, std::uint64_t version,
                       Take take) {
  NX_TRY(const std::int64_t panel, find_panel(connection, panel_id));
  NX_TRY(std::uint64_t reached, read_version(connection, panel));
  if (version > reached) return not_kept(panel_id, version);
  Query rows = connection.query("SELECT " NX_SEGMENT_COLUMNS
                                ", undo FROM history WHERE panel = ? ORDER BY sequence DESC",
                                panel);
  while (reached > version) {
    NX_TRY(const bool found, rows.step());
    if (!found) return not_kept(panel_id, version);
    NX_TRY(Segment segment, segment_of(rows));
    if (segment.mutations.empty()) continue;
    reached = segment.version - 1;
    NX_TRY_VOID(take(std::move(segment), rows));
  }
  return {};
}

}  // namespace

Result<Moment> Moment::begin(Connection& connection) {
  NX_TRY_VOID(connection.execute("BEGIN"));
  return Moment(connection);
}

Moment::~Moment() {
  if (connection_ != nullptr && connection_->in_transaction())
    static_cast<void>(connection_->execute("COMMIT"));
}

Result<std::int64_t> find_panel(Connection& connection, std::string_view panel_id) {
  Query rows = connection.query("SELECT panel FROM panels WHERE id = ?", panel_id);
  NX_TRY(const bool found, rows.step());
  if (!found) return panel_not_found(panel_id);
  return rows.integer(0);
}

Result<std::vector<std::string>> read_panels(Connection& connection) {
  std::vector<std::string> ids;
  Query rows = connection.query("SELECT id FROM panels ORDER BY panel");
  for (;;) {
    NX_TRY(const bool found, rows.step());
    if (!found) return ids;
    ids.push_back(rows.bytes(0));
  }
}

Result<PanelRecord> read_record(Connection& connection, std::string_view panel_id) {
  Query rows = connection.query(
      "SELECT id, workspace, source, settings, durability, epoch, version, sequence, created_ms, "
      "updated_ms"
      " FROM panels JOIN sources USING(panel) WHERE id = ?",
      panel_id);
  NX_TRY(const bool found, rows.step());
  if (!found) return panel_not_found(panel_id);
  return PanelRecord{rows.bytes(0),
                     rows.bytes(1),
                     rows.bytes(2),
                     rows.bytes(3),
                     static_cast<Durability>(rows.integer(4)),
                     rows.bytes(5),
                     rows.number(6),
                     rows.number(7),
                     rows.integer(8),
                     rows.integer(9)};
}

Result<StoredPanel> read_panel(Connection& connection, std::string_view panel_id) {
  NX_TRY(const Moment moment, Moment::begin(connection));
  NX_TRY(const std::int64_t panel, find_panel(connection, panel_id));
  StoredPanel stored;
  NX_TRY(stored.record, read_record(connection, panel_id));
  NX_TRY(stored.state, read_state(connection, panel));
  NX_TRY(stored.suspended, read_suspended(connection, panel));
  NX_TRY(stored.timers, read_timers(connection, panel));
  return stored;
}

Result<std::vector<Segment>> read_history(Connection& connection, std::string_view panel_id,
                                          std::uint64_t before, std::size_t limit) {
  NX_TRY(const Moment moment, Moment::begin(connection));
  NX_TRY(const std::int64_t panel, find_panel(connection, panel_id));
  // Sequences are signed in the database.
  before = std::min<std::uint64_t>(before, std::numeric_limits<std::int64_t>::max());
  std::vector<Segment> segments;
  Query rows =
      connection.query("SELECT " NX_SEGMENT_COLUMNS
                       " FROM history WHERE panel = ? AND sequence < ? ORDER BY sequence DESC",
                       panel, before);
  while (segments.size() < limit) {
    NX_TRY(const bool found, rows.step());
    if (!found) break;
    NX_TRY(Segment segment, segment_of(rows));
    segments.push_back(std::move(segment));
  }
  return segments;
}

Result<std::vector<Segment>> read_patches(Connection& connection, std::string_view panel_id,
                                          std::uint64_t since) {
  NX_TRY(const Moment moment, Moment::begin(connection));
  std::vector<Segment> segments;
  NX_TRY_VOID(
      walk_back(connection, panel_id, since, [&](Segment segment, const Query&) -> Result<void> {
        segments.push_back(std::move(segment));
        return {};
      }));
  std::reverse(segments.begin(), segments.end());
  return segments;
}

Result<std::vector<StateChange>> read_state_at(Connection& connection, std::string_view panel_id,
                                               std::uint64_t version) {
  NX_TRY(const Moment moment, Moment::begin(connection));
  NX_TRY(const std::int64_t panel, find_panel(connection, panel_id));
  NX_TRY(auto present, read_state(connection, panel));
  std::map<std::string, std::optional<std::string>> state;
  for (StateChange& entry : present) state[std::move(entry.key)] = std::move(entry.value);
  NX_TRY_VOID(walk_back(connection, panel_id, version,
                        [&](const Segment&, const Query& row) -> Result<void> {
                          NX_TRY(auto undo, unpack_changes(row.bytes(11)));
                          for (StateChange& change : undo)
                            state[std::move(change.key)] = std::move(change.value);
                          return {};
                        }));
  std::vector<StateChange> then;
  for (auto& [key, value] : state)
    if (value) then.push_back({key, std::move(value)});
  return then;
}

Result<ExecutionRecord> read_execution(Connection& connection, std::string_view panel_id,
                                       std::string_view execution_id, std::int64_t now_ms) {
  Query rows = connection.query(
      "SELECT execution, status, result, expires_ms FROM executions JOIN panels USING(panel)"
      " WHERE id = ? AND execution = ? AND expires_ms > ?",
      panel_id, execution_id, now_ms);
  NX_TRY(const bool found, rows.step());
  if (!found)
    return Error{ErrorCode::kNotFound, fmt::format("execution \"{}\" is not stored", execution_id)};
  return ExecutionRecord{rows.bytes(0), rows.bytes(1), rows.bytes(2), rows.integer(3)};
}

Result<std::string> read_failure(Connection& connection, std::string_view panel_id,
                                 std::string_view execution_id) {
  NX_TRY(const std::int64_t panel, find_panel(connection, panel_id));
  Query rows = connection.query(
      "SELECT failure FROM history WHERE panel = ? AND execution = ? AND failure <> ''", panel,
      execution_id);
  NX_TRY(const bool found, rows.step());
  if (found) return rows.bytes(0);
  return Error{ErrorCode::kNotFound,
               fmt::format("the history has no failed run \"{}\"", execution_id)};
}

Result<IdempotencyRecord> read_idempotency(Connection& connection, std::string_view panel_id,
                                           std::string_view key, std::int64_t now_ms) {
  Query rows = connection.query(
      "SELECT key, request_hash, execution, expires_ms FROM idempotency JOIN panels USING(panel)"
      " WHERE id = ? AND key = ? AND expires_ms > ?",
      panel_id, key, now_ms);
  NX_TRY(const bool found, rows.step());
  if (!found)
    return Error{ErrorCode::kNotFound, fmt::format("idempotency key \"{}\" is not stored", key)};
  return IdempotencyRecord{rows.bytes(0), rows.bytes(1), rows.bytes(2), rows.integer(3)};
}

Result<std::optional<std::string>> read_kv(Connection& connection, std::string_view panel_id,
                                           std::string_view key) {
  Query rows = connection.query(
      "SELECT value FROM kv JOIN panels USING(panel) WHERE id = ? AND key = ?", panel_id, key);
  NX_TRY(const bool found, rows.step());
  return found ? rows.optional_bytes(0) : std::nullopt;
}

Result<std::vector<std::string>> read_kv_keys(Connection& connection, std::string_view panel_id,
                                              std::string_view after, std::size_t limit) {
  std::vector<std::string> keys;
  Query rows = connection.query(
      "SELECT key FROM kv JOIN panels USING(panel) WHERE id = ? AND key > ? ORDER BY key LIMIT ?",
      panel_id, after, static_cast<std::int64_t>(limit));
  for (;;) {
    NX_TRY(const bool found, rows.step());
    if (!found) return keys;
    keys.push_back(rows.bytes(0));
  }
}

}  // namespace nexus::storage
