#include "canary.h"

#include <fmt/format.h>

#include "nexus/engine/no_state.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;
namespace engine = nexus::engine;
namespace value = nexus::value;

constexpr std::chrono::milliseconds kPeriod{5000};

engine::RunRequest make_request() {
  engine::RunRequest request;
  request.panel_id = "canary";
  request.handler_name = "canary";
  request.source = {"return [1, 2, 3].map((n) => n * 2).join();", {1, 1}};
  request.args = value::Object{};
  request.scope = value::Object{};
  request.extensions = std::make_shared<const engine::ExtensionMethods>();
  return request;
}

}  // namespace

Result<void> Canary::check(engine::Engine& engine) {
  const engine::Outcome outcome = engine.execute(make_request(), engine::NoState());
  if (outcome.status == engine::Status::kSuccess && outcome.return_value == value::Value("2,4,6"))
    return {};
  return Error{ErrorCode::kUnavailable,
               fmt::format("the sandbox does not run handlers: {}",
                           outcome.error ? outcome.error->message : "wrong result")};
}

Canary::Canary(nexus::loop::Loop& loop, nexus::loop::Executor& executor, engine::Engine& engine)
    : loop_(loop), executor_(executor), engine_(engine) {
  schedule();
}

void Canary::schedule() {
  timer_ = loop_.after(kPeriod, [this] { tick(); });
}

void Canary::tick() {
  schedule();
  if (state_->under_way) {
    state_->well = false;
    return;
  }
  state_->under_way = true;
  const bool accepted =
      executor_.submit([state = state_, &loop = loop_, &engine = engine_]() mutable {
        const bool well = check(engine).ok();
        loop.post([state = std::move(state), well] {
          state->under_way = false;
          state->well = well;
        });
      });
  if (!accepted) state_->well = state_->under_way = false;
}

}  // namespace nexusd
