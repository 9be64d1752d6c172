// What the suspended runs of a panel wait for: calls of extensions, from their start to their
// answers.
#include <fmt/format.h>

#include <algorithm>

#include "nexus/panel/messages.h"
#include "nexus/panel/panel.h"
#include "nexus/panel/run_log.h"

namespace nexus::panel {
namespace {

using engine::run_error;
using engine::RunError;

engine::AsyncResult to_async(Result<value::Value> answer, Clock::Steady now) {
  if (answer.ok()) return {true, std::move(answer).take(), {}, {}, now};
  return {false, {}, answer.error().message, std::string(to_string(answer.error().code)), now};
}

}  // namespace

// The segment is stored; only now what it asked for may begin.
void LivePanel::begin_waiting(const std::shared_ptr<Run>& run,
                              const std::vector<engine::Suspension>& open,
                              std::vector<engine::Suspension> fresh) {
  if (run->ended()) return;
  if (run->expired()) return end_run(run, *run->expired());
  run->report_waiting(open);
  // Whoever was told of the segment may have destroyed the panel, and with it the run.
  if (run->ended() || phase_ == Phase::kClosing) return;
  for (auto& suspension : fresh) {
    const Clock::Wall asked_at(std::chrono::milliseconds{run->asked_ms().at(suspension.id)});
    start_call(run, std::move(suspension), asked_at);
  }
}

// The run's last segment did not take place, and the one before has used up its answer.
void LivePanel::lose_run(const std::shared_ptr<Run>& run, const Error& error) {
  host_.segments.engine.cancel(run->id());
  suspended_.erase(run);
  run->answer(Error(error));
}

void LivePanel::start_call(const std::shared_ptr<Run>& run, engine::Suspension suspension,
                           Clock::Wall asked_at) {
  const DeclaredExtension& declared = run->program()->extensions.at(suspension.extension);
  const extension::CallPlan plan = declared.extension->plan(suspension.method, suspension.args);
  const extension::CallContext context{.panel_id = record_.id,
                                       .run_id = run->id(),
                                       .call_id = suspension.id,
                                       .asked_at = asked_at,
                                       .workspace = owner(),
                                       .settings = declared.settings};
  auto call = declared.extension->call(context, suspension.method, std::move(suspension.args),
                                       reports_of(run, suspension));
  // Nobody is asked to decide twice: an answer that may take days is always stored.
  if (plan.allowance == extension::CallPlan::kNoLimit)
    return run->open_call(suspension.id, {std::move(call), nullptr, false});
  const auto patience = patience_for(plan, asked_at);
  auto deadline = host_.segments.loop.after(
      patience, [self = weak_from_this(), weak_run = std::weak_ptr(run),
                 limit = host_.settings.suspension_timeout + plan.allowance,
                 name = suspension.extension + "." + suspension.method] {
        const auto panel = self.lock();
        const auto waiting = weak_run.lock();
        if (!panel || !waiting) return;
        panel->miss_deadline(waiting,
                             fmt::format("{} did not answer within {} ms", name, limit.count()));
      });
  run->open_call(suspension.id, {std::move(call), std::move(deadline), plan.repeatable});
}

// Deadlines run on while the server is down; but what takes its own time has then had no chance to
// answer.
std::chrono::milliseconds LivePanel::patience_for(const extension::CallPlan& plan,
                                                  Clock::Wall asked_at) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      asked_at + plan.allowance + host_.settings.suspension_timeout - host_.clock.wall());
  const auto least =
      plan.allowance.count() > 0 ? host_.settings.suspension_timeout : std::chrono::milliseconds{0};
  return std::clamp(left, least, host_.settings.suspension_timeout + plan.allowance);
}

extension::Reports LivePanel::reports_of(const std::shared_ptr<Run>& run,
                                         const engine::Suspension& suspension) {
  const auto self = weak_from_this();
  const std::weak_ptr<Run> weak_run = run;
  loop::Loop& loop = host_.segments.loop;
  return {// Posted, so that the answer's turn may destroy the call it came from.
          .done =
              [self, weak_run, id = suspension.id, &loop](Result<value::Value> answer) {
                auto shared = std::make_shared<Result<value::Value>>(std::move(answer));
                loop.post([self, weak_run, id, shared] {
                  const auto panel = self.lock();
                  const auto waiting = weak_run.lock();
                  if (panel && waiting) panel->take_answer(waiting, id, std::move(*shared));
                });
              },
          .progress =
              [weak_run, id = suspension.id](value::Value progress) {
                if (const auto waiting = weak_run.lock())
                  waiting->report_progress(id, std::move(progress));
              },
          .announce =
              [self](std::string_view name, value::Value payload) {
                if (const auto panel = self.lock()) panel->announce(name, std::move(payload));
              }};
}

void LivePanel::announce(std::string_view name, value::Value payload) {
  if (audience_.empty()) return;
  // Behind the changes that are not stored yet: clients hear of things in their order.
  journal_->after(
      [self = weak_from_this(), event = engine::Event{std::string(name), std::move(payload),
                                                      unix_ms(host_.clock.wall())}](const auto&) {
        if (const auto panel = self.lock())
          panel->audience_.send(Topic::kEvents, encode_event(panel->version(), event));
      });
}

void LivePanel::take_answer(const std::shared_ptr<Run>& run, const std::string& suspension_id,
                            Result<value::Value> answer) {
  const auto closed = run->close_call(suspension_id);
  if (!closed) return;
  const WaitingCall& call = closed->told;
  if (host_.settings.on_call)
    host_.settings.on_call({record_.id, run->id(), call.extension, call.method,
                            answer.ok() ? nullptr : &answer.error(), run->trace(),
                            Clock::Wall(std::chrono::milliseconds{closed->asked_ms}),
                            host_.clock.wall()});
  if (!answer.ok())
    log_refused_call(record_.id, run->handler(), run->id(), call, answer.error(), *host_.refusals);
  store_answer(*run, *closed, answer);
  queue_.resume({run, suspension_id, to_async(std::move(answer), host_.clock.now())});
  pump();
}

void LivePanel::miss_deadline(const std::shared_ptr<Run>& run, const std::string& what) {
  if (run->ended()) return;
  // An answer to another call of this run may be on its way through the sandbox at this moment.
  if (run == active_) return run->expire(run_error(ErrorCode::kTimeout, what));
  end_run(run, run_error(ErrorCode::kTimeout, what));
}

void LivePanel::end_run(const std::shared_ptr<Run>& run, RunError error) {
  // The parameter may be a reference into the set.
  const std::shared_ptr<Run> kept = run;
  host_.segments.engine.cancel(kept->id());
  log_failure(record_.id, kept->handler(), kept->id(), error);
  ExecutionResult result = kept->end_with(std::move(error));
  auto transaction = begin_failure(*kept, result, 0);
  finish_run(kept, std::move(result), std::move(transaction), nullptr);
}

void LivePanel::abandon(const std::shared_ptr<Run>& run, RunError error) {
  const std::shared_ptr<Run> kept = run;
  host_.segments.engine.cancel(kept->id());
  log_failure(record_.id, kept->handler(), kept->id(), error);
  suspended_.erase(kept);
  kept->fail(std::move(error));
}

}  // namespace nexus::panel
