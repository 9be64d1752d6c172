#pragma once

#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/engine/engine.h"
#include "nexus/extension/extension.h"
#include "nexus/loop/manual_loop.h"
#include "nexus/panel/workspace.h"

// What the tests of this folder put in place of the machine: time, threads and the sandbox move
// when the test says so, so that every order of events can be written down.
namespace nexus::panel::doubles {

using loop::ManualLoop;

// Runs a task when the test asks for it.
class ManualExecutor : public loop::Executor {
 public:
  bool submit(std::function<void()> task, std::uint64_t) override {
    if (full) return false;
    tasks_.push_back(std::move(task));
    return true;
  }
  std::size_t waiting() const { return tasks_.size(); }
  // False when there is nothing to run.
  bool run_one() {
    if (tasks_.empty()) return false;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }

  bool full = false;

 private:
  std::deque<std::function<void()>> tasks_;
};

class ManualClock : public Clock {
 public:
  Steady now() const override { return {}; }
  Wall wall() const override { return Wall(std::chrono::milliseconds{1'700'000'000'123}); }
};

// Answers each segment with what the test wrote down for it.
class ScriptedEngine : public engine::Engine {
 public:
  using Segment =
      std::function<engine::Outcome(const engine::RunRequest&, const engine::StateView&)>;
  using Later =
      std::function<engine::Outcome(const engine::AsyncResult&, const engine::StateView&)>;

  std::map<std::string, Segment> handlers;     // by handler name
  std::map<std::string, Later> resumes;        // by suspension id
  std::map<std::string, Error> syntax_errors;  // by handler text
  // What saved runs wait for, by SavedRun::host.
  std::map<std::string, Result<std::vector<engine::Suspension>>> restores;
  std::vector<std::string> journal;            // "execute a", "resume s1", "cancel r1"

  Result<std::string> precompile(const engine::HandlerSource& source) override {
    const auto bad = syntax_errors.find(source.text);
    if (bad != syntax_errors.end()) return Error(bad->second);
    return std::string();
  }
  engine::Outcome execute_compiled(std::string_view, engine::RunRequest,
                                   const engine::StateView&) override {
    std::abort();
  }
  engine::Outcome execute(engine::RunRequest request, const engine::StateView& state) override {
    journal.push_back("execute " + request.handler_name);
    return handlers.at(request.handler_name)(request, state);
  }
  engine::Outcome resume(std::string_view id, engine::AsyncResult result,
                         const engine::StateView& state) override {
    journal.push_back("resume " + std::string(id));
    return resumes.at(std::string(id))(result, state);
  }
  Result<std::vector<engine::Suspension>> restore(
      const engine::SavedRun& saved, engine::HandlerSource,
      std::shared_ptr<const engine::ExtensionMethods>) override {
    journal.push_back("restore " + saved.host);
    const auto& open = restores.at(saved.host);
    if (!open.ok()) return Error(open.error());
    return std::vector<engine::Suspension>(*open);
  }
  bool cancel(std::string_view run_id) override {
    journal.push_back("cancel " + std::string(run_id));
    return true;
  }
  engine::Stats stats() const override { return {}; }
  void shutdown() override {}
};

inline engine::Outcome success(std::string run_id, std::vector<engine::Mutation> mutations = {}) {
  engine::Outcome outcome;
  outcome.status = engine::Status::kSuccess;
  outcome.run_id = std::move(run_id);
  outcome.mutations = std::move(mutations);
  return outcome;
}

inline engine::Outcome failure(std::string run_id, ErrorCode code, std::string message) {
  engine::Outcome outcome;
  outcome.status = engine::Status::kError;
  outcome.run_id = std::move(run_id);
  outcome.error.emplace();
  outcome.error->code = code;
  outcome.error->message = std::move(message);
  return outcome;
}

// Waits for `$ext.fake.ask(id)` once for each id.
inline engine::Outcome suspended(std::string run_id, const std::vector<std::string>& ids,
                                 std::vector<engine::Mutation> mutations = {}) {
  engine::Outcome outcome = success(std::move(run_id), std::move(mutations));
  outcome.status = engine::Status::kSuspended;
  for (const auto& id : ids) outcome.suspensions.push_back({id, "fake", "ask", {id}});
  outcome.new_suspensions = outcome.suspensions;
  return outcome;
}

inline engine::Mutation set_key(std::string key, value::Value value) {
  return {engine::Mutation::Operation::kSet, std::move(key), std::move(value)};
}

// "nexus.fake": keeps each call open until the test answers it.
class FakeExtension : public extension::Extension {
 public:
  std::string_view name() const override { return "nexus.fake"; }
  const std::vector<std::string>& methods() const override { return methods_; }
  Result<void> check_settings(const value::Object& settings) const override {
    return settings.find("baseURL") != nullptr ? Result<void>()
                                               : Extension::check_settings(settings);
  }
  extension::CallPlan plan(std::string_view, const value::List&) const override {
    return next_plan;
  }
  std::unique_ptr<extension::Call> call(const extension::CallContext& context, std::string_view,
                                        value::List args, extension::Reports reports) override {
    contexts.push_back(context);
    const std::string id = args.at(0).string();
    open[id] = std::move(reports);
    return std::make_unique<Open>(*this, id);
  }
  void answer(const std::string& id, Result<value::Value> result) {
    const auto done = open.at(id).done;
    done(std::move(result));
  }

  std::map<std::string, extension::Reports> open;  // calls nobody answered or cancelled
  extension::CallPlan next_plan;
  std::vector<extension::CallContext> contexts;  // of all calls

 private:
  struct Open : extension::Call {
    Open(FakeExtension& e, std::string i) : extension(e), id(std::move(i)) {}
    ~Open() override { extension.open.erase(id); }
    FakeExtension& extension;
    std::string id;
  };
  const std::vector<std::string> methods_ = {"ask"};
};

// Keeps the frames it was sent.
class RecordingClient : public Client {
 public:
  void send(const Frame& frame) override {
    frames.push_back(frame->json());
    last_frame = frame;
    if (on_send) on_send();
  }
  bool takes_patches() const override { return patches; }
  void close(std::uint16_t code, std::string_view reason) override {
    closed_with = code;
    close_reason = reason;
  }
  // The frames since the last call, without CONNECTED's epoch.
  std::vector<std::string> take() { return std::exchange(frames, {}); }

  std::vector<std::string> frames;
  Frame last_frame;
  bool patches = false;
  std::uint16_t closed_with = 0;
  std::string close_reason;
  std::function<void()> on_send;
};

}  // namespace nexus::panel::doubles
