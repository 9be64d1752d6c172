#include "nexus/panel/stored_entries.h"

#include <memory>
#include <span>
#include <utility>

#include "nexus/value/msgpack.h"

namespace nexus::panel {
namespace {

using extension::KvEntries;

constexpr std::size_t kKeysAtOnce = 256;

Result<KvEntries> read_all(storage::Store& store, const std::string& panel_id) {
  KvEntries entries;
  std::string after;
  for (;;) {
    auto keys = store.kv_keys(panel_id, after, kKeysAtOnce);
    // A panel that is not stored, or not yet.
    if (!keys.ok() && keys.error().code == ErrorCode::kPanelNotFound) return entries;
    if (!keys.ok()) return std::move(keys).take_error();
    for (const std::string& key : *keys) {
      NX_TRY(const auto bytes, store.kv(panel_id, key));
      if (!bytes) continue;
      NX_TRY(auto value, value::decode_msgpack(std::as_bytes(std::span(*bytes))));
      entries.emplace(key, std::move(value));
    }
    if (keys->size() < kKeysAtOnce) return entries;
    after = keys->back();
  }
}

}  // namespace

void StoredEntries::load(const std::string& panel_id,
                         std::function<void(Result<KvEntries>)> done) {
  const bool accepted = reads_.submit([&store = store_, &loop = loop_, panel_id, done] {
    auto entries = std::make_shared<Result<KvEntries>>(read_all(store, panel_id));
    loop.post([entries, done] { done(std::move(*entries)); });
  });
  if (!accepted)
    loop_.post([done] {
      done(Error{ErrorCode::kResourceLimit, "the server is busy; try again later"});
    });
}

// Posted, so that an answer never comes from inside the call.
void StoredEntries::store(const std::string& panel_id, const std::string& key,
                          const std::optional<value::Value>& value,
                          std::function<void(Result<void>)> done) {
  storage::StateChange entry{key, value ? std::optional(value::to_msgpack(*value)) : std::nullopt};
  workspace_->keep_entry(
      panel_id, std::move(entry), [&loop = loop_, done = std::move(done)](Result<void> kept) {
        loop.post([done, error = kept.ok() ? std::nullopt : std::optional(kept.error())] {
          done(error ? Result<void>(*error) : Result<void>());
        });
      });
}

}  // namespace nexus::panel
