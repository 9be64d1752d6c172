#include "nexus/engine/suspended_runs.h"

namespace nexus::engine {

bool SuspendedRuns::add(const std::shared_ptr<HandlerRun>& run) {
  const std::lock_guard lock(mutex_);
  if (closed_ || by_run_.size() >= max_ || bytes_ + run->snapshot.bytes() > max_bytes_) return false;
  by_run_.emplace(run->id(), run);
  for (const Suspension& call : run->open_calls()) by_suspension_.emplace(call.id, run.get());
  bytes_ += run->snapshot.bytes();
  return true;
}

bool SuspendedRuns::contains(const std::string& run_id) const {
  const std::lock_guard lock(mutex_);
  return by_run_.contains(run_id);
}

std::shared_ptr<HandlerRun> SuspendedRuns::take(std::string_view suspension_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_suspension_.find(std::string(suspension_id));
  if (found == by_suspension_.end()) return nullptr;
  std::shared_ptr<HandlerRun> run = by_run_.at(found->second->id());
  erase(*run);
  return run;
}

std::shared_ptr<HandlerRun> SuspendedRuns::take_run(std::string_view run_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_run_.find(std::string(run_id));
  if (found == by_run_.end()) return nullptr;
  std::shared_ptr<HandlerRun> run = found->second;
  erase(*run);
  return run;
}

void SuspendedRuns::erase(const HandlerRun& run) {
  bytes_ -= run.snapshot.bytes();
  for (const Suspension& call : run.open_calls()) by_suspension_.erase(call.id);
  by_run_.erase(run.id());
}

void SuspendedRuns::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  by_suspension_.clear();
  by_run_.clear();
  bytes_ = 0;
}

void SuspendedRuns::describe(Stats& stats) const {
  const std::lock_guard lock(mutex_);
  stats.runs_suspended = static_cast<std::uint32_t>(by_run_.size());
  stats.suspended_bytes = bytes_;
}

}  // namespace nexus::engine
