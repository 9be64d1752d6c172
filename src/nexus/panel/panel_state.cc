#include "nexus/panel/panel_state.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <span>

namespace nexus::panel {
namespace {

using engine::PathStep;
using value::Value;

state::Mutation to_state(engine::Mutation mutation) {
  const bool set = mutation.operation == engine::Mutation::Operation::kSet;
  return {set ? state::Mutation::Operation::kSet : state::Mutation::Operation::kDelete,
          std::move(mutation.key), std::move(mutation.value), std::move(mutation.patch)};
}

engine::Mutation to_engine(state::Mutation mutation) {
  const bool set = mutation.operation == state::Mutation::Operation::kSet;
  return {set ? engine::Mutation::Operation::kSet : engine::Mutation::Operation::kDelete,
          std::move(mutation.key), std::move(mutation.value), std::move(mutation.patch)};
}

std::string step_text(const PathStep& step) {
  return step.index ? fmt::format("[{}]", *step.index) : fmt::format("\"{}\"", step.key);
}

// The state as it will be once `mutations` are applied; both outlive it.
class ChangedState : public engine::StateView {
 public:
  ChangedState(const engine::StateView& base, const std::vector<engine::Mutation>& mutations)
      : base_(base) {
    for (const auto& mutation : mutations) changes_.insert_or_assign(mutation.key, &mutation);
  }
  const Value* get(std::string_view key) const override {
    const auto change = changes_.find(key);
    if (change == changes_.end()) return base_.get(key);
    if (!change->second->patch.empty()) return patched(*change->second);
    const bool set = change->second->operation == engine::Mutation::Operation::kSet;
    return set ? &change->second->value : nullptr;
  }
  std::vector<std::string> keys() const override { return base_.keys(); }
  Result<void> check_write(std::string_view key, Value* value) const override {
    return base_.check_write(key, value);
  }

 private:
  // Made when it is asked for: most patched keys are not read.
  const Value* patched(const engine::Mutation& mutation) const {
    const auto [place, is_new] = patched_.try_emplace(mutation.key);
    if (is_new) {
      place->second = *base_.get(mutation.key);
      for (const auto& operation : mutation.patch)
        NX_CHECK(value::apply_patch(operation, place->second).ok());
    }
    return &place->second;
  }

  const engine::StateView& base_;
  std::map<std::string_view, const engine::Mutation*> changes_;
  mutable std::map<std::string_view, Value> patched_;
};

Error leads_nowhere(const PathStep& step, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("path step {} {}", step_text(step), why)};
}

// What stands at `step` of `parent`; nullptr when an object has no such member.
Result<const Value*> child(const Value& parent, const PathStep& step) {
  if (step.index) {
    if (!parent.is_list()) return leads_nowhere(step, "does not stand in a list");
    if (*step.index >= parent.list().size())
      return leads_nowhere(
          step, fmt::format("is past the end: the list has {} items", parent.list().size()));
    return &parent.list()[*step.index];
  }
  if (!parent.is_object()) return leads_nowhere(step, "does not stand in an object");
  return parent.object().find(step.key);
}

// The operation that puts `value` at `path` inside `root`. Every step but the last must exist.
Result<value::PatchOperation> operation_at(const Value& root, std::span<const PathStep> path,
                                           Value value) {
  value::PatchOperation operation{.path = {}, .value = std::move(value)};
  const Value* place = &root;
  for (std::size_t i = 0; i < path.size(); ++i) {
    NX_TRY(place, child(*place, path[i]));
    if (place == nullptr && i + 1 < path.size()) return leads_nowhere(path[i], "does not exist");
    operation.path.push_back(path[i].index ? Value(*path[i].index) : Value(path[i].key));
  }
  using Kind = value::PatchOperation::Kind;
  operation.kind = place == nullptr ? Kind::kAdd : Kind::kReplace;
  return operation;
}

}  // namespace

Result<void> PanelState::seed(engine::Engine& engine) {
  std::vector<state::Mutation> first;
  for (auto& value : computed_->evaluate_all(engine, panel_id_, *this))
    first.push_back(to_state(std::move(value)));
  return store_.seed(std::move(first));
}

void PanelState::derive(engine::Engine& engine,
                        std::vector<engine::Mutation>& mutations) const {
  std::vector<std::string> changed;
  for (const auto& mutation : mutations) changed.push_back(mutation.key);
  auto derived = computed_->evaluate(engine, panel_id_, ChangedState(*this, mutations), changed);
  std::move(derived.begin(), derived.end(), std::back_inserter(mutations));
}

Result<void> PanelState::apply(std::vector<engine::Mutation>& mutations) {
  if (mutations.empty()) return {};
  std::vector<state::Mutation> written;
  std::vector<state::Mutation> derived;
  for (auto& mutation : mutations)
    (computed_->has(mutation.key) ? derived : written).push_back(to_state(std::move(mutation)));
  NX_TRY(auto applied, store_.apply(std::move(written), std::move(derived)));
  mutations.clear();
  for (auto& mutation : applied) mutations.push_back(to_engine(std::move(mutation)));
  return {};
}

void PanelState::complete(std::vector<engine::Mutation>& mutations) const {
  for (auto& mutation : mutations)
    if (!mutation.patch.empty()) mutation.value = *get(mutation.key);
}

Result<engine::Mutation> PanelState::resolve_write(const std::vector<PathStep>& path,
                                                   Value value) const {
  if (path.empty() || path.front().index)
    return Error{ErrorCode::kInvalidArgument, "path must start with the name of a State"};
  const std::string& key = path.front().key;
  const auto refuse = [](const Error& error) {
    return Error{ErrorCode::kInvalidArgument, error.message};
  };
  if (path.size() == 1) {
    if (auto fits = check_write(key, &value); !fits.ok()) return refuse(fits.error());
    return engine::Mutation{engine::Mutation::Operation::kSet, key, std::move(value), {}};
  }
  if (auto writable = check_write(key, nullptr); !writable.ok()) return refuse(writable.error());
  const Value* const root = get(key);
  if (root == nullptr) return leads_nowhere(path.front(), "does not exist");
  NX_TRY(auto operation, operation_at(*root, std::span(path).subspan(1), std::move(value)));
  if (auto fits = value::check_patch(operation, *root); !fits.ok()) return refuse(fits.error());
  return engine::Mutation{
      engine::Mutation::Operation::kSet, key, {}, {std::move(operation)}};
}

}  // namespace nexus::panel
