#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/state/store.h"

namespace nexus::adversarial {

// The state of one panel, as handlers see it: `count` (number), `name` (string), `items` (list of objects),
// `config` (object in an object) and the computed `fixed`.
class TenantState final : public engine::StateView {
 public:
  TenantState();

  const value::Value* get(std::string_view key) const override { return store_.get(key); }
  std::vector<std::string> keys() const override { return store_.keys(); }
  Result<void> check_write(std::string_view key, value::Value* value) const override {
    return store_.check_write(key, value);
  }

  // Commits a segment. Error: why the store refuses what the engine let through.
  Result<void> apply(const std::vector<engine::Mutation>& mutations);
  std::string to_json() const { return store_.to_json(); }

 private:
  state::Store store_;
};

// A request to run `source` with every capability and the extension `api`, whose methods the tests answer
// so: `echo` with its list of arguments, `fail` with an error, `clear` after emptying $state.items, and
// `never` not at all.
engine::RunRequest request_of(std::string source);

// The call to answer next, and its answer; nullptr when all that are open are `never`.
const engine::Suspension* next_answerable(const std::vector<engine::Suspension>& open);
engine::AsyncResult answer_to(const engine::Suspension& call, TenantState& state);

// A handler that describes all it can reach of the language and of its own state, and then counts up. Two
// runs of it that are equal from pristine memory give equal texts.
std::string_view inventory_source();

}  // namespace nexus::adversarial
