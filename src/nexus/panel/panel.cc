#include "nexus/panel/panel.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/base/check.h"
#include "nexus/base/random.h"
#include "nexus/panel/arguments.h"
#include "nexus/panel/messages.h"
#include "nexus/panel/reload.h"
#include "nexus/panel/run_log.h"
#include "nexus/panel/stored.h"
#include "nexus/value/msgpack.h"

namespace nexus::panel {
namespace {

using engine::Outcome;
using engine::RunError;
using engine::run_error;
using engine::Status;

// How soon a segment is offered again to an executor that had no room.
constexpr std::chrono::milliseconds kRetryDelay{5};
// Segments that may wait for a slow disk before the panel waits too.
constexpr std::size_t kMaxUnstored = 256;

RunError destroyed_during_run() {
  return run_error(ErrorCode::kCancelled, "the panel was destroyed during the run");
}

Error destroyed_before_start() {
  return {ErrorCode::kCancelled, "the panel was destroyed before the run started"};
}

// The outcome of a segment whose effects do not count.
void turn_into_failure(Outcome& outcome, RunError error) {
  outcome.status = Status::kError;
  outcome.error = std::move(error);
  outcome.has_return_value = false;
  outcome.return_value = {};
  outcome.mutations.clear();
  outcome.events.clear();
  outcome.view_commands.clear();
  outcome.suspensions.clear();
  outcome.new_suspensions.clear();
}

std::optional<RequestKey> read_creation_key(std::string_view settings) {
  auto unpacked = unpack_settings(settings);
  return unpacked.ok() ? std::move(unpacked->key) : std::nullopt;
}

}  // namespace

LivePanel::LivePanel(storage::PanelRecord record, LoadedPanel loaded, const PanelHost& host)
    : record_(std::move(record)),
      host_(host),
      tenant_(host.tenants->of(record_.workspace_id)),
      segments_{host.segments.loop,     *tenant_.executor, host.segments.engine,
                host.segments.recorder, host.segments.on_segment, record_.id, record_.workspace_id},
      program_(std::move(loaded.program)),
      state_(
          std::make_shared<PanelState>(std::move(loaded.store), program_->computed, record_.id)),
      created_at_(std::chrono::milliseconds{record_.created_ms}),
      last_activity_(std::chrono::milliseconds{record_.updated_ms}),
      journal_(std::make_shared<Journal>(
          host.segments.loop,
          record_.durability == storage::Durability::kNone ? nullptr : host.store,
          [this] { settled(); })),
      published_(state_->version()),
      queue_(host.settings.queue_per_panel, tenant_.quota),
      triggers_(make_triggers()),
      creation_key_(read_creation_key(record_.settings)) {}

LivePanel::~LivePanel() {
  triggers_->stop();
  cancel_waiting();
  const RunError ended = run_error(ErrorCode::kCancelled, "the server ended during the run");
  if (active_ != nullptr) active_->fail(ended);
  journal_->abandon({ended.code, ended.message});
}

std::string LivePanel::info_json() const {
  return encode_info(*program_, {.id = record_.id,
                                 .status = suspended_.empty() ? "running" : "suspended",
                                 .version = version(),
                                 .epoch = record_.epoch,
                                 .created_at = created_at_,
                                 .last_activity = last_activity_,
                                 .clients = audience_.size(),
                                 .mount_error = mount_error_ ? &*mount_error_ : nullptr,
                                 .triggers = triggers_.get()});
}

// --- Requests

void LivePanel::trigger(TriggerRequest request) {
  last_activity_ = host_.clock.wall();
  if (request.key) return trigger_once(std::move(request));
  auto started = start_tool(request, 0);
  if (started.ok()) return;
  // Never from inside trigger(): the caller may not be ready for its answer yet.
  host_.segments.loop.post([done = std::move(request.on_done),
                            error = std::move(started).take_error()] { done(Error(error)); });
}

Result<void> LivePanel::start_tool(TriggerRequest& request, unsigned chain) {
  const auto tool = program_->tools.find(request.tool);
  if (tool == program_->tools.end())
    return Error{ErrorCode::kToolNotFound,
                 fmt::format("panel \"{}\" has no tool \"{}\"", record_.id, request.tool)};
  NX_TRY(value::Value args, bind_arguments(*tool->second.declaration, std::move(request.args)));
  auto run = std::make_shared<Run>(request.tool, request.patches, std::move(request.on_progress),
                                   request.on_done);
  run->set_program(program_);
  run->set_chain(chain);
  run->set_actor(std::move(request.actor));
  run->set_trace(trace_of(std::move(request.trace)));
  if (request.keep_result) run->keep_result();
  if (request.key) {
    run->keep_result();
    run->set_key({request.key->key, request.key->request_hash, {},
                  unix_ms(host_.clock.wall() + host_.settings.result_lifetime)});
  }
  if (journal_->stores()) run->set_args(value::to_msgpack(args));
  return admit(StartTurn{std::move(run), make_request(tool->second.handler, std::move(args))});
}

// Nobody looks at the trace of a run that nobody asked for, unless they are recorded.
trace::TraceContext LivePanel::trace_of(trace::TraceContext asked) const {
  return asked.trace_id.empty() && host_.settings.on_call ? trace::new_trace() : asked;
}

Result<void> LivePanel::start_by_trigger(const std::string& tool, value::Value args,
                                         unsigned chain, Triggers::Done done) {
  TriggerRequest request;
  request.tool = tool;
  request.args = std::move(args);
  request.actor = "trigger";
  request.patches = true;
  request.on_done = [done = std::move(done)](Result<ExecutionResult> result) {
    if (!result.ok()) return done(result.error());
    const auto& error = result->outcome.error;
    done(error ? std::optional(Error{error->code, error->message}) : std::nullopt);
  };
  return start_tool(request, chain);
}

// Runs that a reload outlives answer to the triggers that started them, and those to their document.
std::shared_ptr<Triggers> LivePanel::make_triggers() {
  return std::make_shared<Triggers>(
      *program_->document, host_.segments.loop, host_.clock,
      [this](const std::string& tool, value::Value args, unsigned chain, Triggers::Done done) {
        return start_by_trigger(tool, std::move(args), chain,
                                [done = std::move(done), triggers = triggers_, program = program_](
                                    std::optional<Error> error) { done(std::move(error)); });
      },
      [this](const std::string& tool, const Error& error) { report_trigger(tool, error); },
      [this](const std::string& name, std::int64_t due_ms) {
        if (!journal_->stores()) return;
        std::erase_if(owed_timers_, [&](const auto& owed) { return owed.name == name; });
        owed_timers_.push_back({name, due_ms, {}});
      });
}

// Nobody waits for the answer of such a run, so the log and whoever looks at the panel hear of it.
void LivePanel::report_trigger(const std::string& tool, const Error& error) {
  log_trigger_failure(record_.id, tool, error);
  announce("system:error", value::Object{{"code", std::string(to_string(error.code))},
                                         {"message", error.message},
                                         {"tool", tool}});
}

void LivePanel::view(std::function<void(Result<std::string>)> done) {
  // What is shown was read from a state that may be ahead of the store.
  auto answer = [done = std::move(done), epoch = record_.epoch, journal = journal_](
                    std::uint64_t version, std::shared_ptr<const Result<std::string>> members) {
    journal->after([done, epoch, version, members](const Result<void>& stored) {
      if (!stored.ok()) return done(Error(stored.error()));
      if (!members->ok()) return done(Error(members->error()));
      done(fmt::format("{{\"epoch\":\"{}\",\"version\":{},{}}}", epoch, version, **members));
    });
  };
  loop::Loop& loop = host_.segments.loop;
  const std::uint64_t current = state_->version();
  if (view_ != nullptr && view_version_ == current)
    return loop.post([answer, current, view = view_] {
      answer(current, std::make_shared<const Result<std::string>>(*view));
    });
  const bool accepted = host_.loads.submit(
      [answer, self = weak_from_this(), id = record_.id, current, state = state_json(),
       script = program_->view, &loop, &engine = host_.segments.engine]() mutable {
        auto members = std::make_shared<const Result<std::string>>(
            script->resolve(engine, id, std::move(state)));
        loop.post([answer = std::move(answer), self = std::move(self), current, members] {
          if (const auto panel = self.lock(); panel && members->ok()) {
            panel->view_ = std::make_shared<const std::string>(**members);
            panel->view_version_ = current;
          }
          answer(current, members);
        });
      });
  if (!accepted)
    loop.post([answer] {
      answer(0, std::make_shared<const Result<std::string>>(
                    Error{ErrorCode::kResourceLimit, "the server is busy; try again later"}));
    });
}

void LivePanel::set(SetRequest request) {
  last_activity_ = host_.clock.wall();
  auto done = request.on_done;
  auto admitted = admit(WriteTurn{std::move(request)});
  if (admitted.ok()) return;
  host_.segments.loop.post(
      [done = std::move(done), error = std::move(admitted).take_error()] { done(Error(error)); });
}

Result<void> LivePanel::admit(Turn turn) {
  if (phase_ != Phase::kOpen)
    return Error{ErrorCode::kPanelNotFound,
                 fmt::format("panel \"{}\" is being destroyed", record_.id)};
  if (cannot_load_)
    return Error{ErrorCode::kStorageError,
                 fmt::format("panel \"{}\" cannot be read from the disk; try again later",
                             record_.id)};
  if (!queue_.admit(turn)) {
    const bool full = queue_.full();
    ++(full ? host_.traffic->refused_panel_queue : host_.traffic->refused_owner_queue);
    if (full)
      return Error{ErrorCode::kResourceLimit,
                   fmt::format("panel \"{}\" has {} requests waiting, limit {}; try again later",
                               record_.id, queue_.waiting(), host_.settings.queue_per_panel)};
    return Error{ErrorCode::kResourceLimit,
                 fmt::format("the panels of this workspace have {} requests waiting, which is the "
                             "limit; try again later",
                             host_.settings.queue_per_owner)};
  }
  pump();
  return {};
}

void LivePanel::start_lifecycle(const PreparedHandler& handler, Run::OnDone done) {
  auto run = std::make_shared<Run>(handler.name, true, nullptr, std::move(done));
  run->set_program(program_);
  run->set_actor("system");
  run->set_trace(trace_of({}));
  queue_.admit_anyway(StartTurn{std::move(run), make_request(handler, value::Object{})});
  pump();
}

engine::RunRequest LivePanel::make_request(const PreparedHandler& handler,
                                           value::Value args) const {
  return {.panel_id = record_.id,
          .handler_name = handler.name,
          .source = handler.source,
          .args = std::move(args),
          .scope = value::Object{},
          .capabilities = handler.capabilities,
          .extensions = program_->methods,
          .limits = handler.limits,
          .save_suspended = journal_->stores(),
          .queued_at = host_.clock.now()};
}

// --- Turns

void LivePanel::pump() {
  if (retry_ != nullptr || journal_->failure() || journal_->waiting() >= kMaxUnstored) return;
  while (auto turn = queue_.next()) {
    auto* const write = std::get_if<WriteTurn>(&*turn);
    if (write != nullptr && !state_->derives_from(write->request)) {
      apply_write(std::move(write->request));
      queue_.finish();
      // Whoever was told may have asked for the end meanwhile.
      if (phase_ == Phase::kClosing) return continue_closing();
      continue;
    }
    if (auto* resume = std::get_if<ResumeTurn>(&*turn); resume != nullptr && resume->run->ended()) {
      queue_.finish();
      continue;
    }
    if (begin(*turn)) return;
    queue_.put_back(std::move(*turn));
    retry_ = host_.segments.loop.after(kRetryDelay, [this] {
      retry_.reset();
      pump();
    });
    return;
  }
}

// False when the executor has no room.
bool LivePanel::begin(Turn& turn) {
  if (const auto* write = std::get_if<WriteTurn>(&turn)) return begin_write(write->request);
  if (const auto* reload = std::get_if<ReloadTurn>(&turn)) return begin_reload(*reload);
  return begin_segment(turn);
}

bool LivePanel::begin_segment(Turn& turn) {
  auto run = std::holds_alternative<StartTurn>(turn) ? std::get<StartTurn>(turn).run
                                                     : std::get<ResumeTurn>(turn).run;
  auto done = [self = weak_from_this(), run, &engine = host_.segments.engine](Outcome outcome) {
    if (const auto panel = self.lock()) return panel->finish_segment(run, std::move(outcome));
    if (outcome.status == Status::kSuspended) engine.cancel(outcome.run_id);
  };
  if (!submit_segment(segments_, state_, turn, std::move(done))) return false;
  active_ = std::move(run);
  return true;
}

void LivePanel::finish_segment(const std::shared_ptr<Run>& run, Outcome outcome) {
  log_lines(record_.id, run->handler(), outcome);
  log_denials(record_.id, run->handler(), outcome);
  active_ = nullptr;
  last_activity_ = host_.clock.wall();
  const bool closing = phase_ == Phase::kClosing;
  if (closing || journal_->failure()) {
    if (outcome.status == Status::kSuspended) host_.segments.engine.cancel(outcome.run_id);
    turn_into_failure(outcome, closing ? destroyed_during_run()
                                       : run_error(journal_->failure()->code,
                                                   journal_->failure()->message));
  }
  conclude(run, std::move(outcome));
  end_turn();
}

void LivePanel::end_turn() {
  queue_.finish();
  if (phase_ == Phase::kClosing) return continue_closing();
  settled();
}

// Something was stored, or failed to be.
void LivePanel::settled() {
  if (!journal_->failure()) return pump();
  if (journal_->waiting() == 0) load_again();
}

// One segment, one transaction: all of it is applied, stored and sent, or none.
void LivePanel::conclude(const std::shared_ptr<Run>& run, Outcome outcome) {
  if (outcome.status != Status::kError) {
    if (auto applied = state_->apply(outcome.mutations); !applied.ok()) {
      if (outcome.status == Status::kSuspended) host_.segments.engine.cancel(outcome.run_id);
      turn_into_failure(outcome, run_error(applied.error().code, applied.error().message));
    }
  }
  if (outcome.status == Status::kError) return conclude_failed(run, std::move(outcome));

  storage::Transaction transaction;
  auto publication = std::make_shared<Publication>(
      prepare(outcome.mutations, outcome.events, outcome.view_commands));
  if (journal_->stores()) {
    transaction = begin_transaction();
    transaction.segment = begin_segment_record(outcome);
    transaction.segment->actor = run->actor();
    transaction.segment->tool = run->handler();
    transaction.segment->args = run->take_args();
    transaction.segment->mutations = publication->entry.changes;
    keep_key(*run, outcome.run_id, transaction);
  }
  triggers_->on_segment(outcome.mutations, outcome.events, run->chain());
  if (!run->takes_patches()) state_->complete(outcome.mutations);
  if (outcome.status == Status::kSuccess)
    return finish_run(run, run->end(std::move(outcome)), std::move(transaction), publication);

  suspended_.insert(run);
  for (const auto& fresh : outcome.new_suspensions)
    run->asked_ms()[fresh.id] = unix_ms(host_.clock.wall());
  auto open = std::move(outcome.suspensions);
  auto fresh = std::move(outcome.new_suspensions);
  auto saved = std::move(outcome.saved);
  run->absorb(outcome);
  if (saved) transaction.suspended.push_back(suspended_record(*run, std::move(*saved), open));
  journal_->commit(std::move(transaction),
                   [self = weak_from_this(), run, publication, open = std::move(open),
                    fresh = std::move(fresh)](const Result<void>& stored) mutable {
                     const auto panel = self.lock();
                     if (!panel) return;
                     if (!stored.ok()) return panel->lose_run(run, stored.error());
                     panel->publish(*publication);
                     panel->begin_waiting(run, open, std::move(fresh));
                   });
}

void LivePanel::conclude_failed(const std::shared_ptr<Run>& run, Outcome outcome) {
  if (outcome.error)
    log_failure(record_.id, run->handler(), outcome.run_id, *outcome.error);
  const std::int64_t duration_us = outcome.metrics.duration_us;
  ExecutionResult result = run->end(std::move(outcome));
  auto transaction = begin_failure(*run, result, duration_us);
  finish_run(run, std::move(result), std::move(transaction), nullptr);
}

// Answers whoever asked once all is stored. `transaction`: without a panel, nothing has to be.
void LivePanel::finish_run(const std::shared_ptr<Run>& run, ExecutionResult result,
                           storage::Transaction transaction,
                           std::shared_ptr<const Publication> publication) {
  suspended_.erase(run);
  const bool writes = !transaction.panel_id.empty();
  if (writes) {
    if (run->suspended_before()) transaction.ended_runs.push_back(run->id());
    keep_key(*run, result.execution_id, transaction);
    keep_result(*run, result, transaction);
  } else if (!journal_->stores() && (run->keeps_result() || run->suspended_before())) {
    remember_result(result);
  }
  auto released = [self = weak_from_this(), run, publication,
                   result = std::make_shared<ExecutionResult>(std::move(result))](
                      const Result<void>& stored) {
    if (!stored.ok()) return run->answer(Error(stored.error()));
    if (const auto panel = self.lock(); panel && publication) panel->publish(*publication);
    run->answer(std::move(*result));
  };
  if (writes) return journal_->commit(std::move(transaction), std::move(released));
  if (journal_->stores()) store_owed();
  journal_->after(std::move(released));
}

LivePanel::Publication LivePanel::prepare(const std::vector<engine::Mutation>& mutations,
                                          const std::vector<engine::Event>& events,
                                          const std::vector<engine::ViewCommand>& commands) {
  const std::uint64_t version = state_->version();
  Publication publication;
  publication.version = version;
  if (!mutations.empty()) {
    connected_ = nullptr;
    const auto now = unix_ms(host_.clock.wall());
    publication.entry = {version, now, pack_changes(mutations, *state_)};
    if (audience_.takes(false)) {
      publication.whole = encode_mutations(version, mutations, *state_, now);
      ++host_.traffic->patches_whole;
    }
    if (audience_.takes(true)) {
      publication.patches = encode_patch(version, mutations, now);
      ++host_.traffic->patches_operations;
    }
  }
  if (audience_.empty()) return publication;
  for (const auto& event : events)
    publication.others.emplace_back(Topic::kEvents, encode_event(version, event));
  if (!commands.empty())
    publication.others.emplace_back(Topic::kView, encode_view(version, commands));
  return publication;
}

// Clients hear of a segment in this order.
void LivePanel::publish(const Publication& publication) {
  if (publication.entry.version > published_) window_.add(publication.entry);
  published_ = publication.version;
  host_.traffic->patches_selected +=
      audience_.send_patch(publication.whole, publication.patches);
  for (const auto& [topic, frame] : publication.others) audience_.send(topic, frame);
}

void LivePanel::apply_write(SetRequest request) {
  auto mutation = state_->resolve_write(request.path, std::move(request.value));
  if (!mutation.ok()) return request.on_done(std::move(mutation).take_error());
  std::vector<engine::Mutation> changes;
  changes.push_back(std::move(mutation).take());
  commit_write(std::move(changes), request);
}

bool LivePanel::begin_write(const SetRequest& request) {
  auto done = [self = weak_from_this(), request](auto changes) {
    if (const auto panel = self.lock()) return panel->finish_write(std::move(changes), request);
    request.on_done(destroyed_before_start());
  };
  return submit_write(segments_, state_, request, std::move(done));
}

void LivePanel::finish_write(Result<std::vector<engine::Mutation>> changes,
                             const SetRequest& request) {
  if (phase_ == Phase::kClosing) {
    request.on_done(destroyed_before_start());
  } else if (journal_->failure()) {
    request.on_done(Error(*journal_->failure()));
  } else if (!changes.ok()) {
    request.on_done(std::move(changes).take_error());
  } else {
    commit_write(std::move(changes).take(), request);
  }
  end_turn();
}

// `changes` starts with what was written.
void LivePanel::commit_write(std::vector<engine::Mutation> changes, const SetRequest& request) {
  engine::Mutation written = changes.front();
  if (auto applied = state_->apply(changes); !applied.ok())
    return request.on_done(Error{ErrorCode::kInvalidArgument, applied.error().message});
  const bool changed = !changes.empty();
  // The writer waits for a PATCH to know that its value has arrived, even if it was there already.
  if (!changed) changes.push_back(std::move(written));
  auto publication = std::make_shared<Publication>(prepare(changes, {}, {}));
  auto released = [self = weak_from_this(), publication,
                   on_done = request.on_done](const Result<void>& stored) {
    if (!stored.ok()) return on_done(Error(stored.error()));
    if (const auto panel = self.lock()) panel->publish(*publication);
    on_done({});
  };
  triggers_->on_segment(changes, {}, 0);
  if (!changed || !journal_->stores()) return journal_->after(std::move(released));
  storage::Transaction transaction = begin_transaction();
  transaction.segment = begin_segment_record({});
  transaction.segment->actor = request.actor;
  transaction.segment->mutations = publication->entry.changes;
  journal_->commit(std::move(transaction), std::move(released));
}

// --- Mount, unmount and the end

void LivePanel::create(Ready ready) {
  journal_->write(
      [this](storage::Done done) {
        host_.store->create(record_, pack_state(*state_), std::move(done));
      },
      [self = weak_from_this(), ready = std::move(ready)](const Result<void>& stored) mutable {
        const auto panel = self.lock();
        if (!stored.ok()) return ready(Error(stored.error()));
        if (!panel) return ready(destroyed_before_start());
        panel->mount_ready_ = std::move(ready);
        panel->mount();
      });
}

void LivePanel::mount() {
  if (!program_->mount) return mount_over();
  lifecycle_timer_ =
      host_.segments.loop.after(host_.settings.lifecycle_wait, [this] { mount_over(); });
  start_lifecycle(*program_->mount, [this](Result<ExecutionResult> result) {
    if (result.ok() && result->outcome.error) mount_error_ = result->outcome.error;
    mount_over();
  });
}

void LivePanel::mount_over() {
  if (mount_done_) return;
  mount_done_ = true;
  triggers_->start();
  store_owed();
  lifecycle_timer_.reset();
  if (const auto ready = std::exchange(mount_ready_, nullptr)) ready({});
}

void LivePanel::close(Farewell farewell, std::uint16_t code, std::string reason,
                      std::function<void()> done) {
  on_closed_.push_back(std::move(done));
  unmount_wanted_ =
      farewell == Farewell::kUnmount && phase_ == Phase::kOpen && program_->unmount.has_value();
  phase_ = Phase::kClosing;
  triggers_->stop();
  close_code_ = code;
  close_reason_ = std::move(reason);
  if (farewell == Farewell::kAtOnce) audience_.close_all(close_code_, close_reason_);
  cancel_waiting();
  continue_closing();
}

void LivePanel::cancel_waiting() {
  const Error cancelled = destroyed_before_start();
  for (auto& turn : queue_.drain()) {
    if (auto* start = std::get_if<StartTurn>(&turn)) start->run->answer(Error(cancelled));
    if (auto* write = std::get_if<WriteTurn>(&turn)) write->request.on_done(Error(cancelled));
    if (auto* reload = std::get_if<ReloadTurn>(&turn)) reload->reload->on_done(Error(cancelled));
  }
  const auto runs = suspended_;
  for (const auto& run : runs)
    if (run != active_ && !run->ended()) abandon(run, destroyed_during_run());
}

void LivePanel::continue_closing() {
  // A segment under way, or a write, comes back here when it has ended.
  if (queue_.busy()) return;
  if (std::exchange(unmount_wanted_, false)) return begin_unmount();
  // What is under way to the disk is answered first.
  if (journal_->waiting() > 0)
    return journal_->after([self = weak_from_this()](const auto&) {
      const auto panel = self.lock();
      if (panel && panel->phase_ == Phase::kClosing) panel->continue_closing();
    });
  phase_ = Phase::kClosed;
  lifecycle_timer_.reset();
  audience_.close_all(close_code_, close_reason_);
  for (const auto& done : std::exchange(on_closed_, {})) done();
}

void LivePanel::begin_unmount() {
  phase_ = Phase::kUnmounting;
  const auto over = [this] {
    if (phase_ != Phase::kUnmounting) return;
    phase_ = Phase::kClosing;
    cancel_waiting();
    continue_closing();
  };
  lifecycle_timer_ = host_.segments.loop.after(host_.settings.lifecycle_wait, over);
  start_lifecycle(*program_->unmount, [over](Result<ExecutionResult>) { over(); });
}

}  // namespace nexus::panel
