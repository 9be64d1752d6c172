#include <fmt/format.h>

#include <string>
#include <vector>

#include "nexus/storage/schema_internal.h"
#include "nexus/storage/sweeper_internal.h"

namespace nexus::storage {
namespace {

constexpr int kRows = 500;   // cleared in one step
constexpr int kPanels = 64;  // looked at in one step

std::vector<std::string> make_clear_statements() {
  std::vector<std::string> statements;
  for (const PanelTable& table : panel_tables())
    statements.push_back(
        fmt::format("DELETE FROM {0} WHERE panel = ?1 AND {1} IN "
                    "(SELECT {1} FROM {0} WHERE panel = ?1 LIMIT ?2)",
                    table.name, table.key));
  return statements;
}

}  // namespace

Result<bool> Sweeper::step(Connection& connection, std::int64_t now_ms) {
  NX_TRY(const bool more_dropped, clear_dropped(connection));
  if (more_dropped) return true;
  NX_TRY(const bool more_expired, clear_expired(connection, now_ms));
  if (more_expired) return true;
  return age_history(connection, now_ms);
}

Result<bool> Sweeper::clear_dropped(Connection& connection) {
  static const std::vector<std::string> statements = make_clear_statements();
  NX_TRY(const std::int64_t panel, connection.number("SELECT min(panel) FROM dropped"));
  if (panel == 0) return false;
  for (const std::string& sql : statements) {
    NX_TRY_VOID(connection.query(sql.c_str(), panel, kRows).run());
    if (connection.changes() > 0) return true;
  }
  NX_TRY_VOID(connection.query("DELETE FROM dropped WHERE panel = ?", panel).run());
  return true;
}

Result<bool> Sweeper::clear_expired(Connection& connection, std::int64_t now_ms) {
  NX_TRY_VOID(connection
                  .query("DELETE FROM executions WHERE rowid IN"
                         " (SELECT rowid FROM executions WHERE expires_ms <= ? LIMIT ?)",
                         now_ms, kRows)
                  .run());
  if (connection.changes() > 0) return true;
  NX_TRY_VOID(connection
                  .query("DELETE FROM idempotency WHERE rowid IN"
                         " (SELECT rowid FROM idempotency WHERE expires_ms <= ? LIMIT ?)",
                         now_ms, kRows)
                  .run());
  return connection.changes() > 0;
}

// Entries of one panel are in order of time, so the old ones are the first.
Result<bool> Sweeper::age_history(Connection& connection, std::int64_t now_ms) {
  const std::int64_t oldest_ms = now_ms - history_age_.count();
  for (int looked = 0; looked < kPanels; ++looked) {
    Query next = connection.query(
        "SELECT panel, sequence FROM panels WHERE panel > ? ORDER BY panel LIMIT 1", last_panel_);
    NX_TRY(const bool found, next.step());
    if (!found) {
      last_panel_ = 0;
      return false;
    }
    const std::int64_t panel = next.integer(0);
    const auto sequence = static_cast<std::uint64_t>(next.integer(1));
    if (sequence > window_) {
      NX_TRY_VOID(
          connection
              .query("DELETE FROM history WHERE panel = ?1 AND sequence <= ?2 AND at_ms < ?3"
                     " AND sequence < (SELECT min(sequence) FROM history WHERE panel = ?1) + ?4",
                     panel, sequence - window_, oldest_ms, kRows)
              .run());
      if (connection.changes() > 0) return true;
    }
    last_panel_ = panel;
  }
  return true;
}

}  // namespace nexus::storage
