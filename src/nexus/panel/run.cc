#include "nexus/panel/run.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace nexus::panel {
namespace {

template <typename T>
void move_to_end(std::vector<T>& target, std::vector<T>& source) {
  target.insert(target.end(), std::make_move_iterator(source.begin()),
                std::make_move_iterator(source.end()));
  source.clear();
}

Result<ExecutionResult> copy_of(const Result<ExecutionResult>& result) {
  if (result.ok()) return ExecutionResult(*result);
  return Error(result.error());
}

}  // namespace

void Run::absorb(engine::Outcome& outcome) {
  if (!outcome.run_id.empty()) id_ = outcome.run_id;
  move_to_end(effects_.mutations, outcome.mutations);
  move_to_end(effects_.events, outcome.events);
  move_to_end(effects_.view_commands, outcome.view_commands);
  move_to_end(effects_.denials, outcome.denials);
  // Compilation belongs to the first segment; every other figure is of the whole run already.
  const engine::Metrics first = effects_.metrics;
  effects_.metrics = outcome.metrics;
  if (started_) {
    effects_.metrics.compile_us = first.compile_us;
    effects_.metrics.cache_hit = first.cache_hit;
  }
  started_ = true;
  suspended_before_ = outcome.status == engine::Status::kSuspended || suspended_before_;
}

void Run::report_waiting(const std::vector<engine::Suspension>& open) {
  const auto before = std::exchange(waiting_, {});
  for (const engine::Suspension& call : open) {
    const auto known = std::ranges::find(before, call.id, &WaitingCall::id);
    waiting_.push_back({call.id, call.extension, call.method,
                        known == before.end() ? std::nullopt : known->progress});
  }
  if (on_progress_) on_progress_(id_, waiting_);
}

void Run::report_progress(const std::string& suspension_id, value::Value progress) {
  const auto call = std::ranges::find(waiting_, suspension_id, &WaitingCall::id);
  if (call == waiting_.end()) return;
  call->progress = std::move(progress);
  if (on_progress_) on_progress_(id_, waiting_);
}

void Run::restore(std::string id, engine::Outcome effects) {
  id_ = std::move(id);
  effects_ = std::move(effects);
  started_ = true;
  suspended_before_ = true;
}

ExecutionResult Run::end(engine::Outcome last) {
  absorb(last);
  ended_ = true;
  open_calls_.clear();
  on_progress_ = nullptr;
  last.mutations = std::move(effects_.mutations);
  last.events = std::move(effects_.events);
  last.view_commands = std::move(effects_.view_commands);
  last.denials = std::move(effects_.denials);
  last.metrics = effects_.metrics;
  return {id_, std::move(last), false, patches_};
}

ExecutionResult Run::end_with(engine::RunError error) {
  engine::Outcome last;
  last.status = engine::Status::kError;
  last.run_id = id_;
  last.metrics = effects_.metrics;
  const bool missed_deadline = error.code == ErrorCode::kTimeout;
  last.error = std::move(error);
  ExecutionResult result = end(std::move(last));
  result.missed_deadline = missed_deadline;
  return result;
}

void Run::answer(Result<ExecutionResult> result) {
  ended_ = true;
  open_calls_.clear();
  waiting_.clear();
  on_progress_ = nullptr;
  for (const OnDone& waiter : std::exchange(waiters_, {})) waiter(copy_of(result));
  // Emptied first: whoever is told may ask for this run again.
  if (const OnDone done = std::exchange(on_done_, nullptr)) done(std::move(result));
}

void Run::fail(engine::RunError error) {
  if (!ended_) answer(end_with(std::move(error)));
}

void Run::open_call(std::string suspension_id, OpenCall call) {
  open_calls_.emplace(std::move(suspension_id), std::move(call));
}

std::optional<Run::ClosedCall> Run::close_call(const std::string& suspension_id) {
  const auto asked = asked_ms_.extract(suspension_id);
  const auto open = open_calls_.extract(suspension_id);
  if (open.empty()) return std::nullopt;
  ClosedCall closed{{suspension_id, {}, {}, {}}, open.mapped().repeatable, asked.mapped()};
  const auto told = std::ranges::find(waiting_, suspension_id, &WaitingCall::id);
  if (told == waiting_.end()) return closed;
  closed.told = std::move(*told);
  waiting_.erase(told);
  return closed;
}

void Run::expire(engine::RunError error) {
  if (!expired_) expired_ = std::move(error);
}

}  // namespace nexus::panel
