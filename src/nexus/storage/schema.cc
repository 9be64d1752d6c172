#include <fmt/format.h>

#include "nexus/storage/schema_internal.h"

namespace nexus::storage {
namespace {

constexpr std::int64_t kApplicationId = 0x4e657873;  // "Nexs"

// Panels are numbered, and a number is never used again, so that the rows of a dropped panel can be
// cleared later. Small rows that change often (panels) stand apart from large ones that do not
// (sources).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE properties(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO properties VALUES('clean', 1);
CREATE TABLE panels(
  panel INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL,
  durability INTEGER NOT NULL, epoch TEXT NOT NULL, version INTEGER NOT NULL, sequence INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT;
CREATE TABLE dropped(panel INTEGER PRIMARY KEY) STRICT;
CREATE TABLE sources(panel INTEGER PRIMARY KEY, source TEXT NOT NULL, settings BLOB NOT NULL) STRICT;
CREATE TABLE state(
  panel INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(panel, key)) STRICT, WITHOUT ROWID;
CREATE TABLE history(
  panel INTEGER NOT NULL, sequence INTEGER NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  duration_us INTEGER NOT NULL, actor TEXT NOT NULL, tool TEXT NOT NULL, execution TEXT NOT NULL,
  args BLOB NOT NULL, events BLOB NOT NULL, mutations BLOB NOT NULL, undo BLOB NOT NULL,
  PRIMARY KEY(panel, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE executions(
  panel INTEGER NOT NULL, execution TEXT NOT NULL, status TEXT NOT NULL, result TEXT NOT NULL,
  expires_ms INTEGER NOT NULL, PRIMARY KEY(panel, execution)) STRICT;
CREATE INDEX executions_expire ON executions(expires_ms);
CREATE TABLE idempotency(
  panel INTEGER NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, execution TEXT NOT NULL,
  expires_ms INTEGER NOT NULL, PRIMARY KEY(panel, key)) STRICT;
CREATE INDEX idempotency_expire ON idempotency(expires_ms);
CREATE TABLE suspended(
  panel INTEGER NOT NULL, execution TEXT NOT NULL, guest_hash TEXT NOT NULL, image_hash TEXT NOT NULL,
  memory BLOB NOT NULL, host BLOB NOT NULL, running_us INTEGER NOT NULL, started_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL, PRIMARY KEY(panel, execution)) STRICT;
CREATE TABLE calls(
  panel INTEGER NOT NULL, execution TEXT NOT NULL, place INTEGER NOT NULL, call TEXT NOT NULL,
  extension TEXT NOT NULL, method TEXT NOT NULL, args BLOB NOT NULL, deadline_ms INTEGER NOT NULL,
  repeatable INTEGER NOT NULL, failed INTEGER NOT NULL, answer BLOB,
  PRIMARY KEY(panel, execution, place)) STRICT, WITHOUT ROWID;
CREATE TABLE timers(
  panel INTEGER NOT NULL, name TEXT NOT NULL, due_ms INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY(panel, name)) STRICT, WITHOUT ROWID;
CREATE TABLE kv(
  panel INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(panel, key)) STRICT, WITHOUT ROWID;
)sql";

// What became of a run that failed.
constexpr const char* kVersion2 = "ALTER TABLE history ADD COLUMN failure TEXT NOT NULL DEFAULT '';";

constexpr const char* kSteps[] = {kVersion1, kVersion2};

constexpr PanelTable kPanelTables[] = {
    {"sources", "panel", "source, settings"},
    {"state", "key", "key, value"},
    {"history", "sequence",
     "sequence, version, at_ms, duration_us, actor, tool, execution, args, events, mutations, "
     "undo",
     "failure"},
    {"executions", "execution", "execution, status, result, expires_ms"},
    {"idempotency", "key", "key, request_hash, execution, expires_ms"},
    {"suspended", "execution",
     "execution, guest_hash, image_hash, memory, host, running_us, started_ms, deadline_ms"},
    {"calls", "execution",
     "execution, place, call, extension, method, args, deadline_ms, repeatable, failed, answer"},
    {"timers", "name", "name, due_ms, data"},
    {"kv", "key", "key, value"},
};

Error refuse(const std::string& name, const std::string& why) {
  return {ErrorCode::kStorageError, fmt::format("{} {}", name, why)};
}

Error damaged(const std::string& name, std::string_view what) {
  return refuse(
      name,
      fmt::format("is damaged ({}); nothing was changed: keep a copy of it and restore a backup "
                  "with `nexus restore`",
                  what));
}

}  // namespace

std::string database_path(const std::string& directory) { return directory + "/nexus.db"; }

std::int64_t schema_version() { return std::ssize(kSteps); }

std::span<const PanelTable> panel_tables() { return kPanelTables; }

Result<void> check_database(Connection& connection, const std::string& name, Depth depth) {
  const auto id = connection.number("PRAGMA application_id");
  if (!id.ok()) return damaged(name, id.error().detail);
  if (*id != kApplicationId)
    return refuse(name, "is no Nexus database; choose another data directory or file");
  NX_TRY(const std::int64_t version, connection.number("PRAGMA user_version"));
  if (version > schema_version())
    return refuse(
        name,
        fmt::format("was written by a newer Nexus (schema {}, this program knows {}); use that "
                    "version or a newer one",
                    version, schema_version()));
  Query rows = connection.query(depth == Depth::kQuick ? "PRAGMA quick_check(1)"
                                                       : "PRAGMA integrity_check(1)");
  const auto found = rows.step();
  if (!found.ok()) return damaged(name, found.error().detail);
  const std::string verdict = *found ? rows.bytes(0) : "no answer";
  if (verdict != "ok") return damaged(name, verdict);
  return {};
}

// Checkpoints are the writer's own doing, after it has answered.
Result<void> prepare_for_writing(Connection& connection) {
  return connection.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384");
}

Result<void> migrate(Connection& connection, std::span<const char* const> steps) {
  NX_TRY(const std::int64_t version, connection.number("PRAGMA user_version"));
  if (version >= std::ssize(steps)) return {};
  NX_TRY_VOID(connection.execute("BEGIN IMMEDIATE"));
  std::string script;
  for (const char* const step : steps.subspan(static_cast<std::size_t>(version))) script += step;
  script += fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT",
                        kApplicationId, steps.size());
  auto done = connection.execute(script.c_str());
  if (!done.ok() && connection.in_transaction()) static_cast<void>(connection.execute("ROLLBACK"));
  return done;
}

Result<void> migrate(Connection& connection) { return migrate(connection, kSteps); }

}  // namespace nexus::storage
