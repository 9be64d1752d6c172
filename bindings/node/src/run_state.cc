#include "run_state.h"

#include "nexus/base/check.h"
#include "nexus/value/patch.h"

namespace nexus::node {

std::vector<std::string> RunState::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values_) keys.push_back(key);
  return keys;
}

void RunState::apply(std::vector<engine::Mutation>& mutations) {
  for (engine::Mutation& mutation : mutations) {
    if (mutation.operation == engine::Mutation::Operation::kDelete) {
      values_.erase(mutation.key);
      continue;
    }
    if (!mutation.patch.empty()) {
      value::Value* const value = values_.find(mutation.key);
      NX_CHECK(value != nullptr);
      for (value::PatchOperation& operation : mutation.patch)
        NX_CHECK(value::apply_patch(std::move(operation), *value).ok());
      mutation.patch.clear();
      mutation.value = *value;
      continue;
    }
    values_.set(mutation.key, mutation.value);
  }
}

}  // namespace nexus::node
