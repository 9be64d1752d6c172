#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "files.h"
#include "offline.h"

namespace nexus::cli {
namespace {

int usage_error(const std::string& message) {
  fmt::print(stderr, "nexus run: {}\n", message);
  return 2;
}

// One panel that lives for one trigger. Lives on the loop, which it stops at the end.
class SingleRun {
 public:
  SingleRun(Offline& offline, const RunOptions& options, value::Value args)
      : offline_(offline),
        options_(options),
        args_(std::move(args)),
        workspace_(panel::create_workspace(*offline.loop, {*offline.executor, *offline.executor},
                                           *offline.engine, *offline.extensions, Clock::system(), {})) {}

  int drive(panel::CreateRequest request) {
    offline_.loop->post([this, &request] {
      workspace_->create(std::move(request), [this](std::variant<panel::Panel*, panel::CreateError> made) {
        if (auto* const error = std::get_if<panel::CreateError>(&made)) return refuse(*error);
        trigger(*std::get<panel::Panel*>(made));
      });
    });
    offline_.loop->run();
    return code_;
  }

 private:
  void refuse(const panel::CreateError& error) {
    for (const nxml::Diagnostic& diagnostic : error.diagnostics)
      fmt::print(stderr, "{}\n", nxml::format(diagnostic, options_.file));
    if (error.diagnostics.empty()) fmt::print(stderr, "nexus run: {}\n", error.error.message);
    finish(error.diagnostics.empty() ? 2 : 1);
  }

  void trigger(panel::Panel& panel) {
    panel::TriggerRequest request;
    request.tool = options_.tool;
    request.args = std::move(args_);
    request.on_done = [this](Result<panel::ExecutionResult> result) {
      if (!result.ok()) {
        finish(usage_error(result.error().message));
        return;
      }
      for (const engine::LogLine& line : result->outcome.logs)
        fmt::print(stderr, "{}: {}\n", to_string(line.level), line.message);
      std::string json;
      write_json(result.value(), /*debug=*/true, json);
      fmt::print("{}\n", json);
      finish(result->outcome.status == engine::Status::kSuccess ? 0 : 1);
    };
    panel.trigger(std::move(request));
  }

  void finish(int code) {
    code_ = code;
    workspace_->shutdown(1001, "done", [this] { offline_.loop->stop(); });
  }

  Offline& offline_;
  const RunOptions& options_;
  value::Value args_;
  const std::unique_ptr<panel::Workspace> workspace_;
  int code_ = 2;
};

}  // namespace

int run(const RunOptions& options) {
  auto source = read_file(options.file);
  if (!source.ok()) return usage_error(source.error().message);
  auto args = value::parse_json(options.args);
  if (!args.ok()) return usage_error("--args: " + args.error().message);
  panel::CreateRequest request{std::move(source).take(), std::nullopt, std::nullopt};
  if (options.state) {
    auto state = value::parse_json(*options.state);
    if (!state.ok()) return usage_error("--state: " + state.error().message);
    if (!state->is_object()) return usage_error("--state: it must be a JSON object");
    request.initial_state = std::move(state).take();
  }
  auto offline = Offline::create(options.private_hosts);
  if (!offline.ok()) return usage_error(offline.error().message);
  SingleRun single(*offline.value(), options, std::move(args).take());
  return single.drive(std::move(request));
}

}  // namespace nexus::cli
