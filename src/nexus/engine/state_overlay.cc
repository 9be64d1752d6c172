#include "nexus/engine/state_overlay.h"

#include <algorithm>
#include <cmath>

namespace nexus::engine {
namespace {

using value::Value;

Error no_such_place(std::string_view key) {
  return Error{ErrorCode::kStateError, "a place inside $state." + std::string(key) + " no longer exists"};
}

// The list index a step names, or nullopt.
std::optional<std::size_t> index_of(const Value& step) {
  if (!step.is_number() || step.number() < 0 || step.number() != std::floor(step.number()) ||
      step.number() > 4294967294.0)
    return std::nullopt;
  return static_cast<std::size_t>(step.number());
}

Value* child(Value& parent, const Value& step) {
  if (parent.is_list()) {
    const auto index = index_of(step);
    return index && *index < parent.list().size() ? &parent.list()[*index] : nullptr;
  }
  return parent.is_object() && step.is_string() ? parent.object().find(step.string()) : nullptr;
}

// Sets the member or element `step` of `parent`; an element may be one past the end.
bool set_child(Value& parent, const Value& step, Value value) {
  if (parent.is_object() && step.is_string()) {
    parent.object().set(step.string(), std::move(value));
    return true;
  }
  const auto index = index_of(step);
  if (!parent.is_list() || !index || *index > parent.list().size()) return false;
  if (*index == parent.list().size())
    parent.list().push_back(std::move(value));
  else
    parent.list()[*index] = std::move(value);
  return true;
}

bool erase_child(Value& parent, const Value& step) {
  return parent.is_object() && step.is_string() && parent.object().erase(step.string());
}

bool append(Value& target, Value more) {
  if (!target.is_list() || !more.is_list()) return false;
  for (Value& item : more.list()) target.list().push_back(std::move(item));
  return true;
}

}  // namespace

const StateOverlay::Touched* StateOverlay::find(std::string_view key) const {
  const auto at = std::ranges::find(touched_, key, &Touched::key);
  return at == touched_.end() ? nullptr : &*at;
}

StateOverlay::Touched& StateOverlay::touch(std::string_view key) {
  const auto at = std::ranges::find(touched_, key, &Touched::key);
  if (at != touched_.end()) return *at;
  const Value* const now = base_.get(key);
  touched_.push_back({std::string(key), now == nullptr ? std::nullopt : std::optional(*now)});
  return touched_.back();
}

const Value* StateOverlay::get(std::string_view key) const {
  const Touched* const own = find(key);
  if (own == nullptr) return base_.get(key);
  return own->value ? &*own->value : nullptr;
}

std::vector<std::string> StateOverlay::keys() const {
  std::vector<std::string> keys = base_.keys();
  std::erase_if(keys, [this](const std::string& key) { return get(key) == nullptr; });
  for (const Touched& own : touched_)
    if (own.value && std::ranges::find(keys, own.key) == keys.end()) keys.push_back(own.key);
  return keys;
}

Result<void> StateOverlay::set(std::string_view key, Value value) {
  NX_TRY_VOID(base_.check_write(key, &value));
  touch(key).value = std::move(value);
  return {};
}

Result<void> StateOverlay::erase(std::string_view key) {
  NX_TRY_VOID(base_.check_write(key, nullptr));
  touch(key).value = std::nullopt;
  return {};
}

Result<void> StateOverlay::patch(Patch operation, const value::List& path, Value value) {
  if (path.empty() || !path[0].is_string())
    return Error{ErrorCode::kStateError, "a state path starts with the name of a key"};
  const std::string& key = path[0].string();
  if (find(key) == nullptr) {
    // Read-only keys are refused at the statement; the value as a whole is checked when the segment ends.
    if (const Value* now = base_.get(key)) {
      Value copy = *now;
      NX_TRY_VOID(base_.check_write(key, &copy));
    }
  }
  if (path.size() == 1 && operation == Patch::kSet) return set(key, std::move(value));
  Touched& own = touch(key);
  if (!own.value) return no_such_place(key);
  const std::size_t parents = path.size() - (operation == Patch::kAppend ? 0 : 1);
  Value* at = &*own.value;
  for (std::size_t i = 1; i < parents; ++i) {
    at = child(*at, path[i]);
    if (at == nullptr) return no_such_place(key);
  }
  bool done = false;
  if (operation == Patch::kAppend) done = append(*at, std::move(value));
  if (operation == Patch::kSet) done = set_child(*at, path.back(), std::move(value));
  if (operation == Patch::kDelete && path.size() > 1) done = erase_child(*at, path.back());
  if (!done) return no_such_place(key);
  return {};
}

Result<std::vector<Mutation>> StateOverlay::mutations() const {
  std::vector<Mutation> list;
  for (const Touched& own : touched_) {
    const Value* const before = base_.get(own.key);
    if (!own.value) {
      if (before != nullptr) list.push_back({Mutation::Operation::kDelete, own.key, {}});
      continue;
    }
    if (before != nullptr && *before == *own.value) continue;
    Value value = *own.value;
    NX_TRY_VOID(base_.check_write(own.key, &value));
    list.push_back({Mutation::Operation::kSet, own.key, std::move(value)});
  }
  return list;
}

}  // namespace nexus::engine
