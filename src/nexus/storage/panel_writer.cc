#include <fmt/format.h>

#include <algorithm>

#include "nexus/base/random.h"
#include "nexus/storage/bytes_internal.h"
#include "nexus/storage/panel_writer_internal.h"

namespace nexus::storage {
namespace {

// How many segments of a panel bring one look at the bound on its history. Each look costs a page of
// its own, at the other end of the panel's entries.
constexpr std::uint64_t kTrimEvery = 16;
// Entries one look clears at most, so that a lower bound takes effect without a pause.
constexpr int kTrimBatch = 4 * kTrimEvery;

struct Position {
  std::int64_t panel = 0;
  std::uint64_t version = 0;
};

Error panel_exists(std::string_view panel_id) {
  return {ErrorCode::kPanelExists, fmt::format("panel \"{}\" is stored already", panel_id)};
}

Error not_next(const Transaction& transaction, std::string_view why) {
  return {ErrorCode::kStorageError,
          fmt::format("a change of panel \"{}\" does not follow the last one stored: {}",
                      transaction.panel_id, why)};
}

// Finds the panel and makes sure that nothing before this change is missing.
Result<Position> locate(Connection& connection, const Transaction& transaction) {
  Query rows = connection.query("SELECT panel, version, sequence, epoch FROM panels WHERE id = ?",
                                transaction.panel_id);
  NX_TRY(const bool found, rows.step());
  if (!found) return panel_not_found(transaction.panel_id);
  const Position position{rows.integer(0), rows.number(1)};
  if (rows.bytes(3) != transaction.epoch)
    return not_next(transaction, "the panel has another epoch");
  if (!transaction.segment) return position;
  const Segment& segment = *transaction.segment;
  if (segment.sequence != rows.number(2) + 1)
    return not_next(transaction,
                    fmt::format("sequence {} after {}", segment.sequence, rows.number(2)));
  const bool rises = !segment.mutations.empty() || transaction.source;
  if (segment.version != position.version + (rises ? 1 : 0))
    return not_next(transaction,
                    fmt::format("version {} after {}", segment.version, position.version));
  return position;
}

Result<void> put_state(Connection& connection, std::int64_t panel, const StateChange& change) {
  if (!change.value)
    return connection.query("DELETE FROM state WHERE panel = ? AND key = ?", panel, change.key)
        .run();
  return connection
      .query("INSERT INTO state VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
             panel, change.key, Blob{*change.value})
      .run();
}

// What undoes `changes`.
Result<std::vector<StateChange>> previous(Connection& connection, std::int64_t panel,
                                          const std::vector<StateChange>& changes) {
  std::vector<StateChange> undo;
  undo.reserve(changes.size());
  for (const StateChange& change : changes) {
    Query rows =
        connection.query("SELECT value FROM state WHERE panel = ? AND key = ?", panel, change.key);
    NX_TRY(const bool found, rows.step());
    undo.push_back({change.key, found ? std::optional(rows.bytes(0)) : std::nullopt});
  }
  return undo;
}

Result<void> trim_history(Connection& connection, std::int64_t panel, std::uint64_t sequence,
                          std::uint64_t keep) {
  if (sequence <= keep || sequence % kTrimEvery != 0) return {};
  return connection
      .query(
          "DELETE FROM history WHERE panel = ?1 AND sequence <= ?2"
          " AND sequence < (SELECT min(sequence) FROM history WHERE panel = ?1) + ?3",
          panel, sequence - keep, kTrimBatch)
      .run();
}

Result<void> put_segment(Connection& connection, std::int64_t panel, const Segment& segment,
                         std::uint64_t keep) {
  NX_TRY(const auto undo, previous(connection, panel, segment.mutations));
  for (const StateChange& change : segment.mutations)
    NX_TRY_VOID(put_state(connection, panel, change));
  const std::string mutations = pack_changes(segment.mutations);
  const std::string undo_bytes = pack_changes(undo);
  NX_TRY_VOID(connection
                  .query("INSERT INTO history VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", panel,
                         segment.sequence, segment.version, segment.at_ms, segment.duration_us,
                         segment.actor, segment.tool, segment.execution_id, Blob{segment.args},
                         Blob{segment.events}, Blob{mutations}, Blob{undo_bytes},
                         segment.failure)
                  .run());
  NX_TRY_VOID(
      connection
          .query("UPDATE panels SET version = ?, sequence = ?, updated_ms = ? WHERE panel = ?",
                 segment.version, segment.sequence, segment.at_ms, panel)
          .run());
  return trim_history(connection, panel, segment.sequence, keep);
}

Result<void> put_source(Connection& connection, std::int64_t panel, const std::string& source,
                        const std::string& settings) {
  return connection
      .query("INSERT OR REPLACE INTO sources VALUES(?, ?, ?)", panel, source, Blob{settings})
      .run();
}

Result<void> put_execution(Connection& connection, std::int64_t panel,
                           const ExecutionRecord& record) {
  return connection
      .query("INSERT OR REPLACE INTO executions VALUES(?, ?, ?, ?, ?)", panel, record.execution_id,
             record.status, record.result, record.expires_ms)
      .run();
}

Result<void> put_idempotency(Connection& connection, std::int64_t panel,
                             const IdempotencyRecord& record) {
  return connection
      .query("INSERT OR REPLACE INTO idempotency VALUES(?, ?, ?, ?, ?)", panel, record.key,
             record.request_hash, record.execution_id, record.expires_ms)
      .run();
}

Result<void> end_run(Connection& connection, std::int64_t panel, const std::string& execution_id) {
  NX_TRY_VOID(
      connection.query("DELETE FROM calls WHERE panel = ? AND execution = ?", panel, execution_id)
          .run());
  return connection
      .query("DELETE FROM suspended WHERE panel = ? AND execution = ?", panel, execution_id)
      .run();
}

Result<void> put_suspended(Connection& connection, std::int64_t panel, const SuspendedRun& run) {
  NX_TRY_VOID(
      connection
          .query("DELETE FROM calls WHERE panel = ? AND execution = ?", panel, run.execution_id)
          .run());
  NX_TRY_VOID(connection
                  .query("INSERT OR REPLACE INTO suspended VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         panel, run.execution_id, run.guest_hash, run.image_hash, Blob{run.memory},
                         Blob{run.host}, run.running_us, run.started_ms, run.deadline_ms)
                  .run());
  int place = 0;
  for (const PendingCall& call : run.calls) {
    std::optional<Blob> answer;
    if (call.answer) answer = Blob{*call.answer};
    NX_TRY_VOID(connection
                    .query("INSERT INTO calls VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", panel,
                           run.execution_id, place++, call.call_id, call.extension, call.method,
                           Blob{call.args}, call.deadline_ms, call.repeatable, call.failed, answer)
                    .run());
  }
  return {};
}

Result<void> put_answer(Connection& connection, std::int64_t panel, const CallAnswer& answer) {
  NX_TRY_VOID(connection
                  .query("UPDATE calls SET failed = ?, answer = ? WHERE panel = ? AND execution = "
                         "? AND call = ?",
                         answer.failed, Blob{answer.answer}, panel, answer.execution_id,
                         answer.call_id)
                  .run());
  if (connection.changes() == 1) return {};
  return Error{ErrorCode::kStorageError,
               fmt::format("no suspended run waits for call \"{}\"", answer.call_id)};
}

Result<void> put_timer(Connection& connection, std::int64_t panel, const Timer& timer) {
  if (!timer.due_ms)
    return connection.query("DELETE FROM timers WHERE panel = ? AND name = ?", panel, timer.name)
        .run();
  return connection
      .query("INSERT OR REPLACE INTO timers VALUES(?, ?, ?, ?)", panel, timer.name, *timer.due_ms,
             Blob{timer.data})
      .run();
}

Result<void> put_kv(Connection& connection, std::int64_t panel, const StateChange& change) {
  if (!change.value)
    return connection.query("DELETE FROM kv WHERE panel = ? AND key = ?", panel, change.key).run();
  return connection
      .query("INSERT OR REPLACE INTO kv VALUES(?, ?, ?)", panel, change.key, Blob{*change.value})
      .run();
}

template <typename Record>
Result<void> put_all(Connection& connection, std::int64_t panel, const std::vector<Record>& records,
                     Result<void> (*put)(Connection&, std::int64_t, const Record&)) {
  for (const Record& record : records) NX_TRY_VOID(put(connection, panel, record));
  return {};
}

}  // namespace

std::string new_epoch() { return random_hex(16); }

Error panel_not_found(std::string_view panel_id) {
  return {ErrorCode::kPanelNotFound, fmt::format("panel \"{}\" is not stored", panel_id)};
}

Result<std::int64_t> insert_record(Connection& connection, const PanelRecord& panel) {
  NX_TRY_VOID(
      connection
          .query(
              "INSERT INTO panels(id, workspace, durability, epoch, version, sequence, created_ms,"
              " updated_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
              panel.id, panel.workspace_id, static_cast<int>(panel.durability), panel.epoch,
              panel.version, panel.sequence, panel.created_ms, panel.updated_ms)
          .run());
  if (connection.changes() == 0) return panel_exists(panel.id);
  return connection.last_insert_id();
}

Result<void> insert_panel(Connection& connection, const PanelRecord& panel,
                          const std::vector<StateChange>& state) {
  NX_TRY(const std::int64_t number, insert_record(connection, panel));
  NX_TRY_VOID(put_source(connection, number, panel.source, panel.settings));
  return put_all(connection, number, state, put_state);
}

Result<void> apply_transaction(Connection& connection, const Transaction& transaction,
                               std::uint64_t keep) {
  NX_TRY(const Position position, locate(connection, transaction));
  const std::int64_t panel = position.panel;
  if (transaction.new_epoch)
    NX_TRY_VOID(
        connection
            .query("UPDATE panels SET epoch = ? WHERE panel = ?", *transaction.new_epoch, panel)
            .run());
  if (transaction.segment) NX_TRY_VOID(put_segment(connection, panel, *transaction.segment, keep));
  if (transaction.source)
    NX_TRY_VOID(
        put_source(connection, panel, transaction.source->source, transaction.source->settings));
  NX_TRY_VOID(put_all(connection, panel, transaction.executions, put_execution));
  NX_TRY_VOID(put_all(connection, panel, transaction.idempotency, put_idempotency));
  NX_TRY_VOID(put_all(connection, panel, transaction.ended_runs, end_run));
  NX_TRY_VOID(put_all(connection, panel, transaction.suspended, put_suspended));
  NX_TRY_VOID(put_all(connection, panel, transaction.answers, put_answer));
  NX_TRY_VOID(put_all(connection, panel, transaction.timers, put_timer));
  return put_all(connection, panel, transaction.kv, put_kv);
}

// The rows with the panel's number stay until the sweeper clears them.
Result<void> drop_panel(Connection& connection, std::string_view panel_id) {
  NX_TRY_VOID(
      connection.query("INSERT INTO dropped SELECT panel FROM panels WHERE id = ?", panel_id)
          .run());
  if (connection.changes() == 0) return panel_not_found(panel_id);
  return connection.query("DELETE FROM panels WHERE id = ?", panel_id).run();
}

}  // namespace nexus::storage
