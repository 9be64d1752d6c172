// What a panel stores, how it comes back, and what happens when storing fails.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <utility>

#include "nexus/base/random.h"
#include "nexus/panel/messages.h"
#include "nexus/panel/panel.h"
#include "nexus/panel/run_log.h"
#include "nexus/panel/stored.h"
#include "nexus/value/msgpack.h"

namespace nexus::panel {
namespace {

using engine::RunError;
using storage::StoredPanel;
using storage::Transaction;

// How soon a panel that could not be read is read again.
constexpr std::chrono::milliseconds kReloadDelay{1000};

RunError to_run_error(const Error& error) { return engine::run_error(error.code, error.message); }

}  // namespace

// --- What is written

Transaction LivePanel::begin_transaction() {
  Transaction transaction;
  transaction.panel_id = record_.id;
  transaction.epoch = record_.epoch;
  transaction.durability = record_.durability;
  transaction.timers = std::exchange(owed_timers_, {});
  transaction.ended_runs = std::exchange(owed_ended_runs_, {});
  return transaction;
}

// The next entry of the history; its mutations have been applied.
storage::Segment LivePanel::begin_segment_record(const engine::Outcome& outcome) {
  record_.version = state_->version();
  storage::Segment segment;
  segment.sequence = ++record_.sequence;
  segment.version = record_.version;
  segment.at_ms = unix_ms(host_.clock.wall());
  segment.duration_us = outcome.metrics.duration_us;
  segment.execution_id = outcome.run_id;
  segment.events = pack_events(outcome.events);
  return segment;
}

storage::SuspendedRun LivePanel::suspended_record(
    Run& run, engine::SavedRun saved, const std::vector<engine::Suspension>& open) const {
  RunMemo memo{run.handler(), run.actor(), run.takes_patches(), run.chain(), run.asked_ms(),
               run.effects()};
  storage::SuspendedRun record{.execution_id = run.id(),
                               .guest_hash = std::move(saved.guest_hash),
                               .image_hash = std::move(saved.image_hash),
                               .memory = std::move(saved.memory),
                               .host = pack_run(memo, saved.host),
                               .running_us = saved.running_us,
                               .started_ms = 0,
                               .deadline_ms = 0,
                               .calls = {}};
  for (const auto& suspension : open) {
    const auto& extensions = run.program()->extensions;
    const auto extension = extensions.find(suspension.extension);
    NX_CHECK(extension != extensions.end());
    const auto plan = extension->second.extension->plan(suspension.method, suspension.args);
    const std::int64_t asked_ms = run.asked_ms()[suspension.id];
    const std::int64_t deadline_ms =
        plan.allowance == extension::CallPlan::kNoLimit
            ? 0
            : asked_ms + (host_.settings.suspension_timeout + plan.allowance).count();
    record.calls.push_back({.call_id = suspension.id,
                            .extension = suspension.extension,
                            .method = suspension.method,
                            .args = value::to_msgpack(suspension.args),
                            .deadline_ms = deadline_ms,
                            .repeatable = plan.repeatable,
                            .failed = false,
                            .answer = {}});
    if (record.started_ms == 0 || asked_ms < record.started_ms) record.started_ms = asked_ms;
    record.deadline_ms = std::max(record.deadline_ms, record.calls.back().deadline_ms);
  }
  return record;
}

// With the run's first segment, so that the key is there if, and only if, the run took place.
void LivePanel::keep_key(Run& run, const std::string& execution_id,
                         Transaction& transaction) const {
  auto key = run.take_key();
  if (!key) return;
  key->execution_id = execution_id;
  transaction.idempotency.push_back(std::move(*key));
}

// Whoever was told of a run, by PROGRESS or by 202, may ask for its result later.
void LivePanel::keep_result(const Run& run, const ExecutionResult& result,
                            Transaction& transaction) const {
  if (!run.suspended_before() && !run.keeps_result()) return;
  storage::ExecutionRecord record;
  record.execution_id = result.execution_id;
  record.status = result.missed_deadline ? kTimedOut : to_string(result.outcome.status);
  write_json(result, host_.settings.debug_errors, record.result);
  record.expires_ms = unix_ms(host_.clock.wall() + host_.settings.result_lifetime);
  transaction.executions.push_back(std::move(record));
}

// An answer that waits for its turn is stored, so that the call is not made again. One that may be
// made again, and whose run goes on at once, is not worth a write of its own.
void LivePanel::store_answer(const Run& run, const Run::ClosedCall& call,
                             const Result<value::Value>& answer) {
  if (!journal_->stores() || journal_->failure()) return;
  if (!queue_.busy() && queue_.waiting() == 0 && call.repeatable) return;
  Transaction transaction = begin_transaction();
  storage::CallAnswer record{run.id(), call.told.id, !answer.ok(), {}};
  if (answer.ok()) {
    record.answer = value::to_msgpack(*answer);
  } else {
    record.answer = value::to_msgpack(
        value::List{std::string(to_string(answer.error().code)), answer.error().message});
  }
  transaction.answers.push_back(std::move(record));
  journal_->commit(std::move(transaction), [](const auto&) {});
}

void LivePanel::settle(std::function<void(Result<void>)> done) {
  journal_->after([done = std::move(done)](const Result<void>& stored) {
    done(stored.ok() ? Result<void>() : Result<void>(stored.error()));
  });
}

void LivePanel::keep_entry(storage::StateChange entry, std::function<void(Result<void>)> done) {
  if (!journal_->stores()) return done({});
  Transaction transaction = begin_transaction();
  transaction.kv.push_back(std::move(entry));
  journal_->commit(std::move(transaction), [done = std::move(done)](const Result<void>& stored) {
    done(stored.ok() ? Result<void>() : Result<void>(stored.error()));
  });
}

void LivePanel::store_owed() {
  if (!journal_->stores() || (owed_timers_.empty() && owed_ended_runs_.empty())) return;
  journal_->commit(begin_transaction(), [](const auto&) {});
}

// That of a `mount` also says that it is not to run again.
Transaction LivePanel::begin_failure(Run& run, const ExecutionResult& result,
                                     std::int64_t duration_us) {
  if (!journal_->stores() || journal_->failure() || phase_ != Phase::kOpen) return {};
  Transaction transaction = begin_transaction();
  engine::Outcome without_effect;
  without_effect.run_id = run.id();
  without_effect.metrics.duration_us = duration_us;
  transaction.segment = begin_segment_record(without_effect);
  transaction.segment->actor = run.actor();
  transaction.segment->tool = run.handler();
  transaction.segment->args = run.take_args();
  // What earlier segments did has entries of its own.
  ExecutionResult brief{.execution_id = run.id(), .outcome = std::move(without_effect)};
  brief.outcome.status = engine::Status::kError;
  brief.outcome.error = result.outcome.error;
  brief.outcome.metrics = result.outcome.metrics;
  write_json(brief, host_.settings.debug_errors, transaction.segment->failure);
  return transaction;
}

// --- When storing fails

void LivePanel::lose(const Error& error) {
  if (!journal_->stores()) return;
  renew_epoch_ = true;
  journal_->fail(error);
}

// Everything under way has been answered with the failure. What is in memory is ahead of the store,
// so the store decides what the state is.
void LivePanel::load_again() {
  if (phase_ != Phase::kOpen || queue_.busy() || reload_timer_ != nullptr || reloading_) return;
  reloading_ = true;
  spdlog::error("panel={} could not be stored and is loaded again: {}", record_.id,
                journal_->failure()->message);
  if (!std::exchange(renew_epoch_, false)) return read_again();
  Transaction transaction = begin_transaction();
  transaction.new_epoch = random_hex(16);
  host_.store->commit(std::move(transaction),
                      [self = weak_from_this(), &loop = host_.segments.loop](Result<void> stored) {
                        loop.post([self, ok = stored.ok()] {
                          const auto panel = self.lock();
                          if (!panel) return;
                          panel->renew_epoch_ = !ok;
                          ok ? panel->read_again() : panel->try_again_later();
                        });
                      });
}

void LivePanel::read_again() {
  const bool accepted = host_.loads.submit(
      [self = weak_from_this(), id = record_.id, &store = *host_.store,
       &loop = host_.segments.loop] {
        auto stored = std::make_shared<Result<StoredPanel>>(store.load(id));
        loop.post([self, stored] {
          if (const auto panel = self.lock()) panel->take_reloaded(std::move(*stored));
        });
      });
  if (!accepted) try_again_later();
}

void LivePanel::try_again_later() {
  cannot_load_ = true;
  reload_timer_ = host_.segments.loop.after(kReloadDelay, [this] {
    reload_timer_.reset();
    reloading_ = false;
    load_again();
  });
}

void LivePanel::take_reloaded(Result<StoredPanel> stored) {
  if (phase_ != Phase::kOpen) return;
  auto values = stored.ok() ? unpack_state(stored->state) : Result<value::Object>(stored.error());
  auto restored = values.ok() ? state_->restore(std::move(values).take(), stored->record.version)
                              : Result<void>(values.error());
  if (!restored.ok()) {
    spdlog::error("panel={} cannot be loaded again: {}", record_.id, restored.error().message);
    return try_again_later();
  }
  const bool ahead = published_ != stored->record.version || record_.epoch != stored->record.epoch;
  record_.epoch = stored->record.epoch;
  record_.version = stored->record.version;
  record_.sequence = stored->record.sequence;
  view_ = nullptr;
  connected_ = nullptr;
  reloading_ = false;
  cannot_load_ = false;
  journal_->recovered();
  owed_timers_.clear();
  for (const auto& [name, due_ms] : triggers_->positions())
    owed_timers_.push_back({name, due_ms, {}});
  // Runs that were answered with the failure must not come back.
  for (const auto& run : stored->suspended)
    if (std::none_of(suspended_.begin(), suspended_.end(),
                     [&](const auto& kept) { return kept->id() == run.execution_id; }))
      owed_ended_runs_.push_back(run.execution_id);
  published_ = record_.version;
  const Frame connected = connected_frame();
  if (ahead) {
    window_.clear();
    audience_.send(connected);
  }
  const auto waiting = audience_.expected();
  for (const auto& member : waiting)
    if (member->client != nullptr) admit_client(member->client, connected, true);
  spdlog::warn("panel={} was loaded again at version {}", record_.id, record_.version);
  pump();
}

// --- When the server starts again

void LivePanel::go_on(StoredPanel stored) {
  record_.sequence = stored.record.sequence;
  for (auto& saved : stored.suspended) restore_run(std::move(saved));
  Triggers::Positions positions;
  for (auto& timer : stored.timers)
    if (timer.due_ms) positions.emplace(std::move(timer.name), *timer.due_ms);
  // The first segment of a panel is that of its `mount`.
  if (record_.sequence == 0 && program_->mount) return mount();
  mount_done_ = true;
  triggers_->start(positions);
  const auto now_at = triggers_->positions();
  for (const auto& [name, due_ms] : positions)
    if (!now_at.contains(name)) owed_timers_.push_back({name, std::nullopt, {}});
  store_owed();
}

void LivePanel::take_over(StoredPanel stored, Ready ready) {
  record_.sequence = stored.record.sequence;
  Transaction transaction = begin_transaction();
  record_.epoch = random_hex(16);
  transaction.new_epoch = record_.epoch;
  transaction.source = storage::Source{record_.source, record_.settings};
  transaction.segment = begin_segment_record({});
  transaction.segment->actor = "system";
  transaction.segment->tool = "reload";
  transaction.segment->mutations = pack_state(*state_);
  for (const auto& [key, value] : stored.state)
    if (state_->get(key) == nullptr) transaction.segment->mutations.push_back({key, std::nullopt});
  stored.record.sequence = record_.sequence;
  journal_->commit(std::move(transaction),
                   [self = weak_from_this(), ready = std::move(ready),
                    stored = std::move(stored)](const Result<void>& done) mutable {
                     if (!done.ok()) return ready(Error(done.error()));
                     if (const auto panel = self.lock()) panel->go_on(std::move(stored));
                     ready({});
                   });
}

void LivePanel::restore_run(storage::SuspendedRun saved) {
  auto parts = unpack_run(saved.host);
  if (!parts.ok()) return refuse_stored_run(saved, parts.error());
  auto& [memo, engine_part] = *parts;
  const auto* const handler = find_handler(memo.handler);
  auto open = host_.segments.engine.restore(
      {saved.guest_hash, saved.image_hash, saved.memory, std::move(engine_part),
       saved.running_us},
      handler != nullptr ? handler->source : engine::HandlerSource{}, program_->methods);
  if (!open.ok()) return refuse_stored_run(saved, open.error());
  auto run = std::make_shared<Run>(memo.handler, memo.patches, nullptr, nullptr);
  run->set_program(program_);
  run->set_actor(std::move(memo.actor));
  run->set_chain(memo.chain);
  run->asked_ms() = std::move(memo.asked_ms);
  run->restore(saved.execution_id, std::move(memo.effects));
  suspended_.insert(run);
  for (const auto& suspension : *open) {
    const auto stored =
        std::find_if(saved.calls.begin(), saved.calls.end(),
                     [&](const auto& call) { return call.call_id == suspension.id; });
    restore_call(run, suspension, stored != saved.calls.end() ? &*stored : nullptr);
  }
}

void LivePanel::restore_call(const std::shared_ptr<Run>& run,
                             const engine::Suspension& suspension,
                             const storage::PendingCall* stored) {
  if (run->ended()) return;
  const auto deliver = [&](engine::AsyncResult answer) {
    answer.queued_at = host_.clock.now();
    queue_.resume({run, suspension.id, std::move(answer)});
    pump();
  };
  if (stored != nullptr && stored->answer) {
    auto answer = value::decode_msgpack(std::as_bytes(std::span(*stored->answer)));
    if (!answer.ok()) return end_run(run, to_run_error(answer.error()));
    if (!stored->failed) return deliver({.success = true, .value = std::move(*answer), .error = {}});
    const bool told = answer->is_list() && answer->list().size() == 2 &&
                      answer->list()[0].is_string() && answer->list()[1].is_string();
    return deliver({.success = false,
                    .value = {},
                    .error = told ? answer->list()[1].string() : "the call failed",
                    .code = told ? answer->list()[0].string() : std::string()});
  }
  if (!program_->extensions.contains(suspension.extension))
    return end_run(run, to_run_error({ErrorCode::kExtensionNotFound,
                                      fmt::format("the panel has no extension \"{}\" any more",
                                                  suspension.extension)}));
  if (stored == nullptr || !stored->repeatable)
    return deliver(
        {.success = false,
         .value = {},
         .error = fmt::format("the server ended during {}.{}, which may have taken place",
                              suspension.extension, suspension.method),
         .code = std::string(to_string(ErrorCode::kInterrupted))});
  const auto asked =
      run->asked_ms().try_emplace(suspension.id, unix_ms(host_.clock.wall())).first;
  start_call(run, suspension, Clock::Wall(std::chrono::milliseconds{asked->second}));
}

// The run cannot go on: its end is what is recorded, and the panel lives on.
void LivePanel::refuse_stored_run(const storage::SuspendedRun& saved, Error error) {
  auto parts = unpack_run(saved.host);
  auto run = std::make_shared<Run>(parts.ok() ? parts->first.handler : "", true, nullptr, nullptr);
  if (parts.ok()) run->set_actor(std::move(parts->first.actor));
  run->restore(saved.execution_id,
               parts.ok() ? std::move(parts->first.effects) : engine::Outcome{});
  log_failure(record_.id, run->handler(), run->id(), to_run_error(error));
  ExecutionResult result = run->end_with(to_run_error(error));
  auto transaction = begin_failure(*run, result, 0);
  finish_run(run, std::move(result), std::move(transaction), nullptr);
}

const PreparedHandler* LivePanel::find_handler(std::string_view name) const {
  if (const auto tool = program_->tools.find(name); tool != program_->tools.end())
    return &tool->second.handler;
  if (name == "mount" && program_->mount) return &*program_->mount;
  if (name == "unmount" && program_->unmount) return &*program_->unmount;
  return nullptr;
}

}  // namespace nexus::panel
