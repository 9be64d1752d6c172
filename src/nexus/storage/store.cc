#include "nexus/storage/store.h"

#include <algorithm>
#include <utility>

#include "nexus/storage/database_internal.h"
#include "nexus/storage/group_writer_internal.h"
#include "nexus/storage/panel_file_internal.h"
#include "nexus/storage/panel_reader_internal.h"
#include "nexus/storage/panel_writer_internal.h"
#include "nexus/storage/reader_pool_internal.h"
#include "nexus/storage/schema_internal.h"

namespace nexus::storage {
namespace {

std::size_t size_of(const std::vector<StateChange>& changes) {
  std::size_t bytes = 0;
  for (const StateChange& change : changes)
    bytes += change.key.size() + (change.value ? change.value->size() : 0);
  return bytes;
}

// Roughly what a transaction holds in memory.
std::size_t size_of(const Transaction& transaction) {
  std::size_t bytes = 512 + size_of(transaction.kv);
  if (const auto& segment = transaction.segment)
    bytes += size_of(segment->mutations) + segment->args.size() + segment->events.size() +
             segment->failure.size();
  if (const auto& source = transaction.source)
    bytes += source->source.size() + source->settings.size();
  for (const ExecutionRecord& record : transaction.executions) bytes += record.result.size();
  for (const SuspendedRun& run : transaction.suspended) {
    bytes += run.memory.size() + run.host.size();
    for (const PendingCall& call : run.calls)
      bytes += call.args.size() + (call.answer ? call.answer->size() : 0);
  }
  for (const CallAnswer& answer : transaction.answers) bytes += answer.answer.size();
  return bytes;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<DataDir> directory, std::unique_ptr<Connection> connection,
              StoreOptions options)
      : directory_(std::move(directory)),
        options_(std::move(options)),
        readers_(database_path(directory_->path()), options_.vfs),
        writer_(database_path(directory_->path()), std::move(connection), options_) {}

  void create(PanelRecord panel, std::vector<StateChange> state, Done done) override {
    if (panel.durability == Durability::kNone) return done({});
    Write write;
    write.panel_id = panel.id;
    write.bytes = panel.source.size() + size_of(state);
    write.apply = [panel = std::move(panel), state = std::move(state)](Connection& connection) {
      return insert_panel(connection, panel, state);
    };
    write.done = std::move(done);
    writer_.submit(std::move(write));
  }

  void commit(Transaction transaction, Done done) override {
    if (transaction.durability == Durability::kNone) return done({});
    Write write;
    write.panel_id = transaction.panel_id;
    write.bytes = size_of(transaction);
    write.async = transaction.durability == Durability::kAsync;
    const std::uint64_t keep = std::max(options_.history_entries, options_.patch_window);
    write.apply = [transaction = std::move(transaction), keep](Connection& connection) {
      return apply_transaction(connection, transaction, keep);
    };
    write.done = std::move(done);
    writer_.submit(std::move(write));
  }

  void drop(std::string panel_id, Done done) override {
    Write write;
    write.panel_id = panel_id;
    write.apply = [panel_id = std::move(panel_id)](Connection& connection) {
      return drop_panel(connection, panel_id);
    };
    write.done = [this, done = std::move(done)](Result<void> result) {
      if (result.ok()) writer_.sweep_soon();
      done(std::move(result));
    };
    writer_.submit(std::move(write));
  }

  void import_panel(std::string file, std::string panel_id, Done done) override {
    Write write;
    write.panel_id = panel_id;
    write.bytes = file.size();
    write.apply = [file = std::move(file), panel_id = std::move(panel_id)](Connection& connection) {
      return storage::import_panel(connection, file, panel_id);
    };
    write.done = std::move(done);
    writer_.submit(std::move(write));
  }

  Result<std::vector<std::string>> panels() override { return readers_.with(read_panels); }

  Result<StoredPanel> load(std::string_view panel_id) override {
    return readers_.with([&](Connection& connection) { return read_panel(connection, panel_id); });
  }

  Result<std::vector<Segment>> history(std::string_view panel_id, std::uint64_t before,
                                       std::size_t limit) override {
    return readers_.with(
        [&](Connection& connection) { return read_history(connection, panel_id, before, limit); });
  }

  Result<std::vector<Segment>> patches(std::string_view panel_id, std::uint64_t since) override {
    return readers_.with(
        [&](Connection& connection) { return read_patches(connection, panel_id, since); });
  }

  Result<std::vector<StateChange>> state_at(std::string_view panel_id,
                                            std::uint64_t version) override {
    return readers_.with(
        [&](Connection& connection) { return read_state_at(connection, panel_id, version); });
  }

  Result<ExecutionRecord> execution(std::string_view panel_id,
                                    std::string_view execution_id) override {
    return readers_.with([&](Connection& connection) {
      return read_execution(connection, panel_id, execution_id, now_ms());
    });
  }

  Result<std::string> failure(std::string_view panel_id, std::string_view execution_id) override {
    return readers_.with(
        [&](Connection& connection) { return read_failure(connection, panel_id, execution_id); });
  }

  Result<IdempotencyRecord> idempotency(std::string_view panel_id, std::string_view key) override {
    return readers_.with([&](Connection& connection) {
      return read_idempotency(connection, panel_id, key, now_ms());
    });
  }

  Result<std::optional<std::string>> kv(std::string_view panel_id, std::string_view key) override {
    return readers_.with(
        [&](Connection& connection) { return read_kv(connection, panel_id, key); });
  }

  Result<std::vector<std::string>> kv_keys(std::string_view panel_id, std::string_view after,
                                           std::size_t limit) override {
    return readers_.with(
        [&](Connection& connection) { return read_kv_keys(connection, panel_id, after, limit); });
  }

  Result<std::string> export_panel(std::string_view panel_id) override {
    return readers_.with(
        [&](Connection& connection) { return storage::export_panel(connection, panel_id); });
  }

  Result<void> health() const override { return writer_.health(); }
  StoreStats stats() const override { return writer_.stats(); }

 private:
  std::int64_t now_ms() const { return unix_ms(options_.clock->wall()); }

  const std::unique_ptr<DataDir> directory_;  // first: the lock outlives all that uses the files
  const StoreOptions options_;
  ReaderPool readers_;
  GroupWriter writer_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(std::unique_ptr<DataDir> directory,
                                           StoreOptions options) {
  NX_TRY(auto connection, open_database(directory->path(), options.vfs));
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(
      std::move(directory), std::move(connection), std::move(options)));
}

}  // namespace nexus::storage
