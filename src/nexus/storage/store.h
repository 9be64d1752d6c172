#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/storage/data_dir.h"
#include "nexus/storage/records.h"

namespace nexus::storage {

struct StoreOptions {
  // How much of each panel's history is kept: the newest entries, none older than the age. 0
  // entries: only what patch_window asks for.
  std::uint64_t history_entries = 1000;
  std::chrono::milliseconds history_age{std::chrono::hours{24 * 30}};
  // The newest segments that are kept in any case, so that clients can fetch the patches they
  // missed.
  std::uint64_t patch_window = 256;
  std::chrono::milliseconds sweep_interval{
      std::chrono::minutes{10}};  // between looks for what has expired
  // Bytes of waiting changes past which async changes are acknowledged late, and past four times
  // which every change is refused.
  std::size_t queue_bytes = std::size_t{64} << 20;
  // Called on the writer thread when a change that was acknowledged early could not be stored: the
  // panel in memory is then ahead of the store and has to be loaded again.
  std::function<void(const std::string& panel_id, const Error& error)> on_lost = {};
  const Clock* clock = &Clock::system();  // outlives the store
  std::string vfs = {};                   // SQLite VFS to use; empty for the system's files
};

// Totals since the store was opened, and what waits now.
struct StoreStats {
  std::uint64_t commits = 0;  // of groups; each syncs the disk once
  std::uint64_t changes_stored = 0;
  std::uint64_t changes_failed = 0;
  double commit_seconds = 0;  // that all commits took, changes and sync
  std::uint64_t waiting_changes = 0;
  std::uint64_t waiting_bytes = 0;  // roughly; those of the group under way included
};

// Called exactly once, in order of submission for each panel. Either inside the call that took it
// or on the store's writer thread: it posts to where it belongs and returns.
using Done = std::function<void(Result<void>)>;

// All panels of one server, durable. Writes are queued and grouped: one sync of the disk serves all
// that wait. Reads block the calling thread for the disk, never the writer. Any thread.
//
// Errors of writes: kPanelExists, kPanelNotFound, and kStorageError when nothing of the change was
// stored; the panel in memory is then loaded again. Errors of reads: kPanelNotFound, kNotFound,
// kStorageError.
class Store {
 public:
  // Opens or creates the database in the directory; checks it as a whole first. Error
  // kStorageError, nothing changed on the disk: the file is damaged, is no Nexus database, was
  // written by a newer version, cannot be written. After a crash every panel with
  // Durability::kAsync comes back with a new epoch.
  static Result<std::unique_ptr<Store>> open(std::unique_ptr<DataDir> directory,
                                             StoreOptions options);

  // Writes what is queued, then closes.
  virtual ~Store() = default;

  // Stores a new panel with its state. Does nothing when its durability is kNone.
  virtual void create(PanelRecord panel, std::vector<StateChange> state, Done done) = 0;

  // Stores a change. kCommit: `done` runs after the disk has it. kAsync: at once, as long as the
  // queue has room. kNone: at once, and nothing is stored. kStorageError also when the change does
  // not follow the panel's last (epoch, sequence, version), as happens to those queued behind one
  // that failed.
  virtual void commit(Transaction transaction, Done done) = 0;

  // Removes a panel with all it had. Its id is free again when `done` runs; the space is cleared
  // later.
  virtual void drop(std::string panel_id, Done done) = 0;

  // Stores the panel of an exported file under `panel_id`, or under its own id when that is empty,
  // with a new epoch. kBadRequest when the file is no panel export or is damaged.
  virtual void import_panel(std::string file, std::string panel_id, Done done) = 0;

  // The ids of all panels, in order of creation.
  virtual Result<std::vector<std::string>> panels() = 0;

  virtual Result<StoredPanel> load(std::string_view panel_id) = 0;

  // The segments of a panel with a sequence below `before`, newest first, at most `limit`.
  virtual Result<std::vector<Segment>> history(std::string_view panel_id, std::uint64_t before,
                                               std::size_t limit) = 0;

  // The segments that raised the version past `since`, oldest first; kNotFound when some of them
  // are no longer kept, or `since` lies ahead of the panel.
  virtual Result<std::vector<Segment>> patches(std::string_view panel_id, std::uint64_t since) = 0;

  // The state as it was at `version`; kNotFound when the history does not reach back that far.
  virtual Result<std::vector<StateChange>> state_at(std::string_view panel_id,
                                                    std::uint64_t version) = 0;

  // kNotFound when there is none or it has expired.
  virtual Result<ExecutionRecord> execution(std::string_view panel_id,
                                            std::string_view execution_id) = 0;
  // The result of a run that failed, as the history has it: JSON. kNotFound when it has none.
  virtual Result<std::string> failure(std::string_view panel_id,
                                      std::string_view execution_id) = 0;
  virtual Result<IdempotencyRecord> idempotency(std::string_view panel_id,
                                                std::string_view key) = 0;

  // What nexus.kv holds under `key`; nullopt when nothing.
  virtual Result<std::optional<std::string>> kv(std::string_view panel_id,
                                                std::string_view key) = 0;
  // Its keys after `after`, in byte order, at most `limit`.
  virtual Result<std::vector<std::string>> kv_keys(std::string_view panel_id,
                                                   std::string_view after, std::size_t limit) = 0;

  // Everything of one panel as the bytes of a file: versioned, and closed by a hash of all that
  // precedes it.
  virtual Result<std::string> export_panel(std::string_view panel_id) = 0;

  // Whether the last attempt to write succeeded; for readiness probes. Never blocks for the disk.
  virtual Result<void> health() const = 0;

  // Never blocks for the disk.
  virtual StoreStats stats() const = 0;
};

}  // namespace nexus::storage
