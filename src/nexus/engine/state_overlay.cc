#include "nexus/engine/state_overlay.h"

#include <algorithm>
#include <iterator>

namespace nexus::engine {
namespace {

using value::Value;

Error no_such_place(std::string_view key) {
  return Error{ErrorCode::kStateError, "a place inside $state." + std::string(key) + " no longer exists"};
}

// A failed operation, as the handler is told.
Error inside(std::string_view key, const Error& error) {
  return Error{ErrorCode::kStateError, "inside $state." + std::string(key) + ": " + error.message};
}

}  // namespace

StateOverlay::Touched* StateOverlay::find(std::string_view key) const {
  const auto at = std::ranges::find(touched_, key, &Touched::key);
  return at == touched_.end() ? nullptr : &*at;
}

StateOverlay::Touched& StateOverlay::touch(std::string_view key) {
  if (Touched* const own = find(key)) return *own;
  touched_.push_back({std::string(key), std::nullopt, {}});
  return touched_.back();
}

const Value* StateOverlay::get(std::string_view key) const {
  Touched* const own = find(key);
  return own == nullptr ? base_.get(key) : settle(*own);
}

const Value* StateOverlay::settle(Touched& own) const {
  if (!own.pending.empty()) {
    own.value = *base_.get(own.key);
    for (value::PatchOperation& operation : own.pending)
      NX_CHECK(value::apply_patch(std::move(operation), *own.value).ok());
    own.pending.clear();
  }
  return own.value ? &*own.value : nullptr;
}

bool StateOverlay::appends_only(const Touched& own, const value::List& steps) {
  if (own.pending.empty()) return false;
  const value::PatchOperation& last = own.pending.back();
  return last.kind == value::PatchOperation::Kind::kAdd && last.path.back().is_number() &&
         std::equal(last.path.begin(), last.path.end() - 1, steps.begin(), steps.end());
}

std::vector<std::string> StateOverlay::keys() const {
  std::vector<std::string> keys = base_.keys();
  std::erase_if(keys, [this](const std::string& key) {
    const Touched* const own = find(key);
    return own != nullptr && !own->value && own->pending.empty();
  });
  for (const Touched& own : touched_)
    if (own.value && std::ranges::find(keys, own.key) == keys.end()) keys.push_back(own.key);
  return keys;
}

Result<void> StateOverlay::set(std::string_view key, Value value) {
  NX_TRY_VOID(base_.check_write(key, &value));
  Touched& own = touch(key);
  own.value = std::move(value);
  own.pending.clear();
  return {};
}

Result<void> StateOverlay::erase(std::string_view key) {
  NX_TRY_VOID(base_.check_write(key, nullptr));
  Touched& own = touch(key);
  own.value = std::nullopt;
  own.pending.clear();
  return {};
}

Result<void> StateOverlay::patch(Patch operation, const value::List& path, Value value) {
  if (path.empty() || !path[0].is_string())
    return Error{ErrorCode::kStateError, "a state path starts with the name of a key"};
  const std::string& key = path[0].string();
  // Read-only keys are refused at the statement; a place inside a key may take any value.
  NX_TRY_VOID(base_.check_write(key, nullptr));
  if (path.size() == 1 && operation == Patch::kSet) return set(key, std::move(value));
  value::List steps(path.begin() + 1, path.end());
  if (operation == Patch::kAppend) return append(key, steps, std::move(value));
  Touched* const own = find(key);
  const Value* const root = own == nullptr ? base_.get(key) : settle(*own);
  if (root == nullptr) return no_such_place(key);
  using Kind = value::PatchOperation::Kind;
  const Kind set = value::find_at(*root, steps) == nullptr ? Kind::kAdd : Kind::kReplace;
  value::PatchOperation change{operation == Patch::kDelete ? Kind::kRemove : set, std::move(steps),
                               std::move(value)};
  if (auto fits = value::check_patch(change, *root); !fits.ok()) return inside(key, fits.error());
  keep(key, {std::move(change)});
  return {};
}

Result<void> StateOverlay::append(std::string_view key, const value::List& steps, Value items) {
  Touched* const own = find(key);
  const bool more = own != nullptr && appends_only(*own, steps);
  const Value* const root = own == nullptr || more ? base_.get(key) : settle(*own);
  const Value* const list = root == nullptr ? nullptr : value::find_at(*root, steps);
  if (list == nullptr || !list->is_list() || !items.is_list()) return no_such_place(key);
  value::Patch additions;
  std::uint64_t end = list->list().size() + (more ? own->pending.size() : 0);
  for (Value& item : items.list()) {
    additions.push_back({value::PatchOperation::Kind::kAdd, steps, std::move(item)});
    value::List& path = additions.back().path;
    path.emplace_back(std::uint64_t{list->list().size()});
    if (auto fits = value::check_patch(additions.back(), *root); !fits.ok()) return inside(key, fits.error());
    path.back() = end++;
  }
  keep(key, std::move(additions));
  return {};
}

void StateOverlay::keep(std::string_view key, value::Patch changes) {
  if (changes.empty()) return;
  Touched& own = touch(key);
  if (!own.value) {
    std::move(changes.begin(), changes.end(), std::back_inserter(own.pending));
    return;
  }
  for (value::PatchOperation& change : changes) NX_CHECK(value::apply_patch(std::move(change), *own.value).ok());
}

bool StateOverlay::is_noop(const Touched& own) const {
  if (own.pending.size() != 1 || own.pending[0].kind != value::PatchOperation::Kind::kReplace) return false;
  return *value::find_at(*base_.get(own.key), own.pending[0].path) == own.pending[0].value;
}

Result<std::vector<Mutation>> StateOverlay::mutations() const {
  std::vector<Mutation> list;
  for (const Touched& own : touched_) {
    const Value* const before = base_.get(own.key);
    if (!own.pending.empty()) {
      if (!is_noop(own)) list.push_back({Mutation::Operation::kSet, own.key, {}, own.pending});
      continue;
    }
    if (!own.value) {
      if (before != nullptr) list.push_back({Mutation::Operation::kDelete, own.key, {}, {}});
      continue;
    }
    if (before != nullptr && *before == *own.value) continue;
    Value value = *own.value;
    NX_TRY_VOID(base_.check_write(own.key, &value));
    list.push_back({Mutation::Operation::kSet, own.key, std::move(value), {}});
  }
  return list;
}

}  // namespace nexus::engine
