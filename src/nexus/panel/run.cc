#include "nexus/panel/run.h"

#include <iterator>

namespace nexus::panel {
namespace {

template <typename T>
void move_to_end(std::vector<T>& target, std::vector<T>& source) {
  target.insert(target.end(), std::make_move_iterator(source.begin()),
                std::make_move_iterator(source.end()));
  source.clear();
}

}  // namespace

void Run::absorb(engine::Outcome& outcome) {
  if (!outcome.run_id.empty()) id_ = outcome.run_id;
  move_to_end(effects_.mutations, outcome.mutations);
  move_to_end(effects_.events, outcome.events);
  move_to_end(effects_.view_commands, outcome.view_commands);
  // Compilation belongs to the first segment; every other figure is of the whole run already.
  const engine::Metrics first = effects_.metrics;
  effects_.metrics = outcome.metrics;
  if (started_) {
    effects_.metrics.compile_us = first.compile_us;
    effects_.metrics.cache_hit = first.cache_hit;
  }
  started_ = true;
}

void Run::report_progress(const std::vector<engine::Suspension>& open) {
  if (on_progress_) on_progress_(id_, open);
}

void Run::finish(engine::Outcome last) {
  absorb(last);
  answer(collect(std::move(last)));
}

void Run::fail(engine::RunError error) {
  engine::Outcome last;
  last.status = engine::Status::kError;
  last.run_id = id_;
  last.metrics = effects_.metrics;
  missed_deadline_ = error.code == ErrorCode::kTimeout;
  last.error = std::move(error);
  finish(std::move(last));
}

void Run::refuse(Error error) { answer(std::move(error)); }

ExecutionResult Run::collect(engine::Outcome last) {
  last.mutations = std::move(effects_.mutations);
  last.events = std::move(effects_.events);
  last.view_commands = std::move(effects_.view_commands);
  last.metrics = effects_.metrics;
  return {id_, std::move(last), missed_deadline_, patches_};
}

void Run::answer(Result<ExecutionResult> result) {
  open_calls_.clear();
  on_progress_ = nullptr;
  // Emptied first: whoever is told may ask for this run again.
  if (const OnDone done = std::exchange(on_done_, nullptr)) done(std::move(result));
}

void Run::open_call(std::string suspension_id, std::unique_ptr<extension::Call> call,
                    std::unique_ptr<loop::Timer> deadline) {
  open_calls_.emplace(std::move(suspension_id), OpenCall{std::move(call), std::move(deadline)});
}

bool Run::close_call(const std::string& suspension_id) {
  return open_calls_.erase(suspension_id) > 0;
}

void Run::expire(engine::RunError error) {
  if (!expired_) expired_ = std::move(error);
}

}  // namespace nexus::panel
