#include "nexus/state/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "nexus/base/closest.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::state {
namespace {

// Keys in messages may come from a handler: quoted, escaped and cut.
std::string quoted(std::string_view key) {
  constexpr std::size_t kMaxShown = 64;
  std::string out;
  value::write_json_string(key.substr(0, kMaxShown), out);
  return key.size() > kMaxShown ? out + "..." : out;
}

Error state_error(std::string message) { return Error{ErrorCode::kStateError, std::move(message)}; }

std::size_t entry_bytes(std::string_view key, const value::Value& value) {
  return key.size() + value::msgpack_size(value);
}

// The last mutation of each key, in order of first touch.
std::vector<Mutation> last_per_key(std::vector<Mutation> mutations) {
  std::map<std::string, std::size_t, std::less<>> places;
  std::vector<Mutation> merged;
  for (Mutation& mutation : mutations) {
    const auto [place, is_new] = places.try_emplace(mutation.key, merged.size());
    if (is_new) {
      merged.push_back(std::move(mutation));
    } else {
      merged[place->second] = std::move(mutation);
    }
  }
  return merged;
}

}  // namespace

Result<Store> Store::create(std::vector<Declaration> declarations, const value::Value& overrides,
                            std::size_t max_bytes) {
  Store store(max_bytes);
  for (Declaration& declaration : declarations) NX_TRY_VOID(store.declare(std::move(declaration)));
  NX_TRY_VOID(store.override_initial(overrides));
  return store;
}

Result<void> Store::declare(Declaration declaration) {
  const std::string name = declaration.name;
  if (!index_.try_emplace(name, entries_.size()).second)
    return state_error(fmt::format("state key {} is declared twice", quoted(name)));
  Entry entry{.declaration = std::move(declaration)};
  entry.value = std::move(entry.declaration.initial);
  NX_TRY_VOID(coerce(entry, entry.value));
  entry.bytes = entry_bytes(name, entry.value);
  NX_TRY_VOID(check_total(name, bytes_ + entry.bytes));
  bytes_ += entry.bytes;
  entries_.push_back(std::move(entry));
  return {};
}

Result<void> Store::override_initial(const value::Value& overrides) {
  if (overrides.is_null()) return {};
  if (!overrides.is_object()) {
    return state_error(fmt::format("the initial state must be an object but is a {}",
                                   value::to_string(overrides.type())));
  }
  std::vector<Mutation> mutations;
  for (const auto& [key, value] : overrides.object())
    mutations.push_back({.key = key, .value = value});
  return unversioned(apply(std::move(mutations)));
}

Result<void> Store::seed(std::vector<Mutation> computed) {
  return unversioned(apply({}, std::move(computed)));
}

Result<void> Store::unversioned(Result<std::vector<Mutation>> applied) {
  if (!applied.ok()) return std::move(applied).take_error();
  if (!applied->empty()) --version_;
  return {};
}

Result<void> Store::take_over(const Store& old) {
  std::vector<Mutation> kept;
  for (const Entry& entry : entries_) {
    const auto found = old.index_.find(entry.declaration.name);
    if (entry.declaration.computed || found == old.index_.end()) continue;
    const Entry& before = old.entries_[found->second];
    if (before.declaration.computed || before.declaration.type != entry.declaration.type) continue;
    const auto operation =
        before.present ? Mutation::Operation::kSet : Mutation::Operation::kDelete;
    kept.push_back({.operation = operation, .key = entry.declaration.name, .value = before.value});
  }
  NX_TRY_VOID(apply(std::move(kept)));
  version_ = old.version_ + 1;
  return {};
}

Result<void> Store::take_over(value::Object values, std::uint64_t version) {
  std::vector<Mutation> kept;
  for (const Entry& entry : entries_) {
    value::Value* const value = values.find(entry.declaration.name);
    if (entry.declaration.computed || value == nullptr || !coerce(entry, *value).ok()) continue;
    kept.push_back({.key = entry.declaration.name, .value = std::move(*value)});
  }
  NX_TRY_VOID(apply(std::move(kept)));
  version_ = version + 1;
  return {};
}

Result<void> Store::restore(value::Object values, std::uint64_t version) {
  for (Entry& entry : entries_) {
    value::Value* const value = values.find(entry.declaration.name);
    if (value == nullptr && entry.declaration.computed) continue;
    entry.present = value != nullptr;
    entry.value = {};
    if (value != nullptr) {
      NX_TRY_VOID(coerce(entry, *value));
      entry.value = std::move(*value);
    }
    entry.bytes = entry.present ? entry_bytes(entry.declaration.name, entry.value) : 0;
  }
  bytes_ = 0;
  for (const Entry& entry : entries_) bytes_ += entry.bytes;
  version_ = version;
  return {};
}

const value::Value* Store::get(std::string_view key) const {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  const Entry& entry = entries_[found->second];
  return entry.present ? &entry.value : nullptr;
}

std::vector<std::string> Store::keys() const {
  std::vector<std::string> keys;
  for (const Entry& entry : entries_)
    if (entry.present) keys.push_back(entry.declaration.name);
  return keys;
}

Result<void> Store::check_write(std::string_view key, value::Value* value) const {
  NX_TRY(const std::size_t place, writable(key, Writer::kHandler));
  if (value == nullptr) return {};
  const Entry& entry = entries_[place];
  NX_TRY_VOID(coerce(entry, *value));
  return check_total(key, bytes_ - entry.bytes + entry_bytes(key, *value));
}

Result<std::vector<Mutation>> Store::apply(std::vector<Mutation> written,
                                           std::vector<Mutation> computed) {
  std::vector<Change> changes;
  auto total = plan_all(std::move(written), std::move(computed), changes);
  if (!total.ok()) {
    undo(changes);
    return std::move(total).take_error();
  }
  std::vector<Mutation> effective;
  effective.reserve(changes.size());
  for (Change& change : changes) effective.push_back(commit(std::move(change)));
  bytes_ = *total;
  if (!effective.empty()) ++version_;
  return effective;
}

Result<std::size_t> Store::plan_all(std::vector<Mutation> written, std::vector<Mutation> computed,
                                    std::vector<Change>& changes) {
  NX_TRY_VOID(plan(std::move(written), Writer::kHandler, changes));
  NX_TRY_VOID(plan(std::move(computed), Writer::kServer, changes));
  return total_after(changes);
}

void Store::undo(std::vector<Change>& changes) {
  for (Change& change : changes)
    for (auto step = change.undo.rbegin(); step != change.undo.rend(); ++step)
      NX_CHECK(value::apply_patch(std::move(*step), entries_[change.place].value).ok());
}

// What a value replaces is looked through once more for what is left of it.
Mutation Store::commit(Change change) {
  Entry& entry = entries_[change.place];
  Mutation mutation = std::move(change.mutation);
  entry.bytes = change.bytes;
  if (!mutation.patch.empty()) return mutation;
  const bool was_present = entry.present;
  entry.present = mutation.operation == Mutation::Operation::kSet;
  if (was_present && entry.present)
    if (auto patch = value::diff(entry.value, mutation.value)) mutation.patch = std::move(*patch);
  if (mutation.patch.empty()) {
    entry.value = mutation.value;
  } else {
    entry.value = std::exchange(mutation.value, {});
  }
  return mutation;
}

std::string Store::to_json() const {
  std::string out = "{";
  for (const Entry& entry : entries_) {
    if (!entry.present) continue;
    if (out.size() > 1) out.push_back(',');
    value::write_json_string(entry.declaration.name, out);
    out.push_back(':');
    value::write_json(entry.value, out);
  }
  out.push_back('}');
  return out;
}

Result<void> Store::plan(std::vector<Mutation> mutations, Writer writer,
                         std::vector<Change>& changes) {
  for (Mutation& mutation : mutations) {
    NX_TRY(const std::size_t place, writable(mutation.key, writer));
    if (mutation.operation == Mutation::Operation::kDelete) mutation.value = {};
    if (mutation.operation == Mutation::Operation::kSet && mutation.patch.empty())
      NX_TRY_VOID(coerce(entries_[place], mutation.value));
  }
  for (Mutation& mutation : last_per_key(std::move(mutations))) {
    if (!mutation.patch.empty()) {
      NX_TRY_VOID(plan_patch(std::move(mutation), changes));
    } else {
      plan_value(std::move(mutation), changes);
    }
  }
  return {};
}

void Store::plan_value(Mutation mutation, std::vector<Change>& changes) const {
  const std::size_t place = index_.find(mutation.key)->second;
  const Entry& entry = entries_[place];
  const bool sets = mutation.operation == Mutation::Operation::kSet;
  if (entry.present == sets && (!sets || entry.value == mutation.value)) return;
  const std::size_t bytes = sets ? entry_bytes(mutation.key, mutation.value) : 0;
  changes.push_back({.place = place, .bytes = bytes, .mutation = std::move(mutation)});
}

Result<void> Store::plan_patch(Mutation mutation, std::vector<Change>& changes) {
  const std::size_t place = index_.find(mutation.key)->second;
  Entry& entry = entries_[place];
  changes.push_back({.place = place, .bytes = entry.bytes, .mutation = std::move(mutation)});
  Change& change = changes.back();
  for (const value::PatchOperation& operation : change.mutation.patch) {
    if (!entry.present) return state_error(fmt::format("state key {} is gone", quoted(change.mutation.key)));
    auto applied = value::apply_patch(operation, entry.value);
    if (!applied.ok())
      return state_error(
          fmt::format("state key {}: {}", quoted(change.mutation.key), applied.error().message));
    change.bytes = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(change.bytes) + applied->bytes);
    change.undo.push_back(std::move(applied->inverse));
  }
  return {};
}

Result<std::size_t> Store::total_after(const std::vector<Change>& changes) const {
  std::size_t total = bytes_;
  const Change* largest = nullptr;
  for (const Change& change : changes) {
    total = total - entries_[change.place].bytes + change.bytes;
    if (largest == nullptr || change.bytes > largest->bytes) largest = &change;
  }
  if (largest != nullptr) NX_TRY_VOID(check_total(largest->mutation.key, total));
  return total;
}

Result<std::size_t> Store::writable(std::string_view key, Writer writer) const {
  const auto found = index_.find(key);
  if (found == index_.end()) return unknown_key(key);
  const bool computed = entries_[found->second].declaration.computed;
  if (computed && writer == Writer::kHandler)
    return state_error(fmt::format("state key {} is computed and cannot be written", quoted(key)));
  if (!computed && writer == Writer::kServer)
    return state_error(fmt::format("state key {} is not a computed key", quoted(key)));
  return found->second;
}

Result<void> Store::coerce(const Entry& entry, value::Value& value) const {
  if (entry.declaration.computed) return {};
  Result<value::Value> coerced = value::coerce_value(entry.declaration.type, std::move(value));
  if (!coerced.ok()) {
    return state_error(
        fmt::format("state key {}: {}", quoted(entry.declaration.name), coerced.error().message));
  }
  value = std::move(coerced).take();
  return {};
}

Result<void> Store::check_total(std::string_view key, std::size_t total) const {
  if (total <= max_bytes_) return {};
  return state_error(fmt::format(
      "with this value of state key {} the state would take {} bytes but at most {} are "
      "allowed: keep less in it",
      quoted(key), total, max_bytes_));
}

Error Store::unknown_key(std::string_view key) const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) names.push_back(entry.declaration.name);
  const std::string_view meant = closest(key, names);
  const std::string hint =
      meant.empty() ? "declare it in <Data>" : fmt::format("did you mean {}?", quoted(meant));
  return state_error(fmt::format("state key {} is not declared: {}", quoted(key), hint));
}

}  // namespace nexus::state
