#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/panel/doubles_internal.h"
#include "nexus/panel/workspace.h"
#include "nexus/value/json.h"

// A workspace of doubles for the tests of this folder.
namespace nexus::panel::doubles {

using value::Value;
using Strings = std::vector<std::string>;

inline constexpr const char* kSource = R"(<NexusPanel title="P">
  <Data><State name="n" type="number"/><State name="text" type="string"/></Data>
  <Logic>
    <Extension name="nexus.fake" alias="fake"/>
    <Tool name="a"><Handler>$state.n = 1;</Handler></Tool>
    <Tool name="b"><Handler>$state.n = 2;</Handler></Tool>
    <Tool name="slow"><Handler>$state.n = 3; await $ext.fake.ask('s1');</Handler></Tool>
    <Tool name="takes"><Arg name="x" type="number"/><Handler>return $args.x;</Handler></Tool>
  </Logic>
</NexusPanel>)";

inline std::string with_lifecycle(std::string_view name) {
  std::string source = kSource;
  source.insert(source.find("</Logic>"), "<Lifecycle on=\"" + std::string(name) +
                                             "\"><Handler>$state.n = 9;</Handler></Lifecycle>");
  return source;
}

// What became of one trigger.
struct Answer {
  int times = 0;
  std::optional<ExecutionResult> result;
  std::optional<Error> error;

  std::string code() const {
    if (error) return std::string(to_string(error->code));
    if (!result) return "none";
    return result->outcome.error ? std::string(to_string(result->outcome.error->code)) : "success";
  }
};

class WorkspaceTest : public testing::Test {
 protected:
  WorkspaceTest() {
    auto fake = std::make_unique<FakeExtension>();
    fake_ = fake.get();
    extensions_.add(std::move(fake));
    settings_.queue_per_panel = 3;
    settings_.max_panels = 3;
    engine_.handlers["a"] = [](const auto&, const auto&) {
      return success("ra", {set_key("n", 1)});
    };
    engine_.handlers["b"] = [](const auto&, const auto&) {
      return success("rb", {set_key("n", 2)});
    };
    engine_.handlers["slow"] = [](const auto&, const auto&) {
      return suspended("rs", {"s1"}, {set_key("n", 3)});
    };
    engine_.resumes["s1"] = [](const auto&, const auto&) {
      return success("rs", {set_key("text", "done")});
    };
    engine_.handlers["takes"] = [](const auto& request, const auto&) {
      auto outcome = success("rt");
      outcome.return_value = request.args;
      outcome.has_return_value = true;
      return outcome;
    };
  }

  void open_workspace() {
    workspace_ = create_workspace(loop_, {pool_, pool_}, engine_, extensions_, clock_, settings_);
  }

  // Lets everything happen that needs no time and no answer from outside.
  void settle() {
    loop_.drain();
    while (pool_.run_one()) loop_.drain();
  }

  std::optional<std::variant<Panel*, CreateError>> create(CreateRequest request) {
    std::optional<std::variant<Panel*, CreateError>> result;
    workspace_->create(std::move(request), [&result](auto created) {
      EXPECT_FALSE(result.has_value()) << "answered twice";
      result = std::move(created);
    });
    settle();
    return result;
  }
  Panel* open_panel(std::string source = kSource, std::string id = "p") {
    if (!workspace_) open_workspace();
    auto created = create({std::move(source), std::move(id), {}});
    EXPECT_TRUE(created.has_value());
    if (!created) return nullptr;
    if (auto* error = std::get_if<CreateError>(&*created)) {
      ADD_FAILURE() << error->error.message;
      return nullptr;
    }
    return std::get<Panel*>(*created);
  }
  Error refusal(CreateRequest request) {
    auto created = create(std::move(request));
    EXPECT_TRUE(created && std::holds_alternative<CreateError>(*created));
    return created && created->index() == 1 ? std::get<CreateError>(*created).error : Error{};
  }

  std::shared_ptr<Answer> trigger(Panel* panel, std::string tool, Value args = {}) {
    auto answer = std::make_shared<Answer>();
    TriggerRequest request;
    request.tool = std::move(tool);
    request.args = std::move(args);
    request.on_progress = [this](const std::string& run,
                                 const std::vector<WaitingCall>& calls) {
      events_.push_back("progress " + run + " " + std::to_string(calls.size()));
      for (const WaitingCall& call : calls)
        if (call.progress) events_.back() += " " + call.id + value::to_json(*call.progress);
    };
    request.on_done = [answer](Result<ExecutionResult> result) {
      ++answer->times;
      if (result.ok())
        answer->result = std::move(result).take();
      else
        answer->error = std::move(result).take_error();
    };
    panel->trigger(std::move(request));
    return answer;
  }
  std::optional<Result<void>> set(Panel* panel, std::vector<engine::PathStep> path, Value value) {
    std::optional<Result<void>> answer;
    panel->set({std::move(path), std::move(value),
                [&](Result<void> result) { answer = std::move(result); }});
    settle();
    return answer;
  }
  bool destroy(std::string_view id) {
    bool done = false;
    workspace_->destroy(id, [&](Result<void> result) { done = result.ok(); });
    settle();
    return done;
  }

  ManualLoop loop_;
  ManualExecutor pool_;
  ScriptedEngine engine_;
  ManualClock clock_;
  extension::Registry extensions_;
  FakeExtension* fake_ = nullptr;
  Settings settings_;
  std::unique_ptr<Workspace> workspace_;
  Strings events_;
};

}  // namespace nexus::panel::doubles
