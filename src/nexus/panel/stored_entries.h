#pragma once

#include <functional>
#include <optional>
#include <string>

#include "nexus/extension/kv_extension.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/workspace.h"
#include "nexus/storage/store.h"

namespace nexus::panel {

// Keeps what nexus.kv holds in the store, each change as durable as its panel's own. Made before the
// workspace, since extensions are.
class StoredEntries : public extension::KvBackend {
 public:
  // What is given outlives it; `reads` runs what waits for the disk.
  StoredEntries(loop::Loop& loop, loop::Executor& reads, storage::Store& store)
      : loop_(loop), reads_(reads), store_(store) {}
  // Before the first call of a handler.
  void serve(Workspace& workspace) { workspace_ = &workspace; }

  void load(const std::string& panel_id,
            std::function<void(Result<extension::KvEntries>)> done) override;
  void store(const std::string& panel_id, const std::string& key,
             const std::optional<value::Value>& value,
             std::function<void(Result<void>)> done) override;

 private:
  loop::Loop& loop_;
  loop::Executor& reads_;
  storage::Store& store_;
  Workspace* workspace_ = nullptr;
};

}  // namespace nexus::panel
