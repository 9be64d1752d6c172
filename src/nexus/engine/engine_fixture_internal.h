#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/sandbox/entry.h"
#include "nexus/value/json.h"

// What the engine's tests have in common: a state, an engine and a way to run a line of code.
namespace nexus::engine {

using testing::ElementsAre;
using testing::HasSubstr;
using value::List;
using value::Object;
using value::Value;

// State as a plain object: every key it has is declared, `fixed` is read-only, numbers stay numbers.
class FakeState final : public StateView {
 public:
  explicit FakeState(Object values) : values_(std::move(values)) {}

  const Value* get(std::string_view key) const override { return values_.find(key); }
  std::vector<std::string> keys() const override {
    std::vector<std::string> keys;
    for (const auto& [key, value] : values_) keys.push_back(key);
    return keys;
  }
  Result<void> check_write(std::string_view key, Value* value) const override {
    const Value* const now = values_.find(key);
    if (now == nullptr) return Error{ErrorCode::kStateError, "undeclared key '" + std::string(key) + "'"};
    if (key == "fixed") return Error{ErrorCode::kStateError, "'fixed' is computed"};
    if (value != nullptr && now->is_number() && !value->is_number())
      return Error{ErrorCode::kStateError, "'" + std::string(key) + "' is a number"};
    return {};
  }

  void apply(const std::vector<Mutation>& mutations) {
    for (const Mutation& m : mutations) {
      for (const auto& operation : m.patch)
        EXPECT_TRUE(value::apply_patch(operation, *values_.find(m.key)).ok());
      if (m.operation == Mutation::Operation::kDelete) values_.erase(m.key);
      if (m.operation == Mutation::Operation::kSet && m.patch.empty()) values_.set(m.key, m.value);
    }
  }
  std::string json() const { return value::to_json(Value(values_)); }

 private:
  Object values_;
};

inline std::string json(const std::vector<Mutation>& mutations) {
  Object all;
  std::string patches;
  for (const Mutation& m : mutations) {
    if (m.patch.empty()) all.set((m.operation == Mutation::Operation::kSet ? "" : "-") + m.key, m.value);
    for (const auto& operation : m.patch) value::write_operation(m.key, operation, patches);
  }
  return all.empty() && !patches.empty() ? patches : value::to_json(Value(all)) + patches;
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() : engine_(make_engine({})) {}

  static std::unique_ptr<Engine> make_engine(Options options) {
    options.min_instances = 1;
    auto made = Engine::create(options);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return std::move(made).take();
  }

  static RunRequest request(std::string code) {
    RunRequest request;
    request.panel_id = "p";
    request.handler_name = "t";
    request.source = {std::move(code), {1, 1}};
    request.capabilities = capability::GrantSet::everything();
    request.extensions = std::make_shared<ExtensionMethods>(
        ExtensionMethods{{"api", {"api", {"get", "post"}}}, {"other", {"other", {"call"}}}});
    return request;
  }

  Outcome run(std::string code) { return run(request(std::move(code))); }
  Outcome run(RunRequest r) { return engine_->execute(std::move(r), state_); }
  Outcome answer(const Outcome& outcome, std::size_t call, Value value) {
    return engine_->resume(outcome.suspensions.at(call).id, {.success = true, .value = std::move(value), .error = {}},
                           state_);
  }

  Outcome fail(const Outcome& outcome, std::size_t call, std::string message) {
    return engine_->resume(outcome.suspensions.at(call).id,
                           {.success = false, .value = {}, .error = std::move(message)}, state_);
  }

  static std::string result(const Outcome& outcome) {
    if (outcome.error) return std::string(to_string(outcome.error->code)) + ": " + outcome.error->message;
    if (outcome.status == Status::kSuspended) return "suspended";
    return outcome.has_return_value ? value::to_json(outcome.return_value) : "undefined";
  }

  const sandbox::ThreadScope thread_;
  std::unique_ptr<Engine> engine_;
  FakeState state_{Object{{"count", 5},
                          {"name", "ada"},
                          {"items", List{Object{{"id", 1}, {"tags", List{"a"}}}, Object{{"id", 2}}}},
                          {"config", Object{{"deep", Object{{"n", 1}}}}},
                          {"fixed", 1}}};
};

}  // namespace nexus::engine
