#include "nexus/panel/panel.h"

#include <fmt/format.h>

#include "nexus/base/random.h"
#include "nexus/panel/arguments.h"
#include "nexus/panel/messages.h"
#include "nexus/panel/reload.h"
#include "nexus/panel/run_log.h"

namespace nexus::panel {
namespace {

using engine::Outcome;
using engine::RunError;
using engine::Status;

// How soon a segment is offered again to an executor that had no room.
constexpr std::chrono::milliseconds kRetryDelay{5};

RunError run_error(ErrorCode code, std::string message) {
  RunError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

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

engine::AsyncResult to_async(Result<value::Value> answer, Clock::Steady now) {
  if (answer.ok()) return {true, std::move(answer).take(), {}, {}, now};
  return {false, {}, answer.error().message, std::string(to_string(answer.error().code)), now};
}

}  // namespace

LivePanel::LivePanel(std::string id, std::string owner, LoadedPanel loaded, const PanelHost& host)
    : id_(std::move(id)),
      owner_(std::move(owner)),
      host_(host),
      epoch_(random_hex(16)),
      program_(std::move(loaded.program)),
      state_(std::make_shared<PanelState>(std::move(loaded.store), program_->computed, id_)),
      created_at_(host.clock.wall()),
      last_activity_(created_at_),
      queue_(host.settings.queue_per_panel),
      triggers_(make_triggers()) {}

LivePanel::~LivePanel() {
  triggers_->stop();
  cancel_waiting();
  if (active_ != nullptr && !active_->ended())
    active_->fail(run_error(ErrorCode::kCancelled, "the server ended during the run"));
}

std::string LivePanel::info_json() const {
  return encode_info(*program_, {.id = id_,
                                 .status = suspended_.empty() ? "running" : "suspended",
                                 .version = version(),
                                 .epoch = epoch_,
                                 .created_at = created_at_,
                                 .last_activity = last_activity_,
                                 .clients = audience_.size(),
                                 .mount_error = mount_error_ ? &*mount_error_ : nullptr,
                                 .triggers = triggers_.get()});
}

void LivePanel::attach(Client* client) {
  audience_.attach(client);
  client->send(encode_connected(id_, version(), epoch_, state_json()));
  if (source_errors_) client->send(encode_event(version(), *source_errors_));
}

// --- Requests

void LivePanel::trigger(TriggerRequest request) {
  last_activity_ = host_.clock.wall();
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
                 fmt::format("panel \"{}\" has no tool \"{}\"", id_, request.tool)};
  NX_TRY(value::Value args, bind_arguments(*tool->second.declaration, std::move(request.args)));
  auto run = std::make_shared<Run>(request.tool, request.patches, std::move(request.on_progress),
                                   request.on_done);
  run->set_program(program_);
  run->set_chain(chain);
  return admit(StartTurn{std::move(run), make_request(tool->second.handler, std::move(args))});
}

Result<void> LivePanel::start_by_trigger(const std::string& tool, value::Value args,
                                         unsigned chain, Triggers::Done done) {
  TriggerRequest request;
  request.tool = tool;
  request.args = std::move(args);
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
      [this](const std::string& tool, const Error& error) { report_trigger(tool, error); });
}

// Nobody waits for the answer of such a run, so the log and whoever looks at the panel hear of it.
void LivePanel::report_trigger(const std::string& tool, const Error& error) {
  log_trigger_failure(id_, tool, error);
  if (audience_.empty()) return;
  const auto now = unix_ms(host_.clock.wall());
  value::Object payload{{"code", std::string(to_string(error.code))},
                        {"message", error.message},
                        {"tool", tool}};
  audience_.send(encode_event(version(), {"system:error", std::move(payload), now}));
}

void LivePanel::view(std::function<void(Result<std::string>)> done) {
  auto answer = [done = std::move(done), epoch = epoch_](std::uint64_t version,
                                                         const Result<std::string>& members) {
    if (!members.ok()) return done(members.error());
    done(fmt::format("{{\"epoch\":\"{}\",\"version\":{},{}}}", epoch, version, *members));
  };
  loop::Loop& loop = host_.segments.loop;
  if (view_ != nullptr && view_version_ == version())
    return loop.post([answer, version = version(), view = view_] { answer(version, *view); });
  const bool accepted = host_.loads.submit(
      [answer, self = weak_from_this(), id = id_, version = version(), state = state_json(),
       script = program_->view, &loop, &engine = host_.segments.engine]() mutable {
        auto members =
            std::make_shared<Result<std::string>>(script->resolve(engine, id, std::move(state)));
        loop.post([answer = std::move(answer), self = std::move(self), version, members] {
          if (const auto panel = self.lock(); panel && members->ok()) {
            panel->view_ = std::make_shared<const std::string>(**members);
            panel->view_version_ = version;
          }
          answer(version, *members);
        });
      });
  if (!accepted)
    loop.post([answer] {
      answer(0, Error{ErrorCode::kResourceLimit, "the server is busy; try again later"});
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
    return Error{ErrorCode::kPanelNotFound, fmt::format("panel \"{}\" is being destroyed", id_)};
  if (!queue_.admit(turn))
    return Error{ErrorCode::kResourceLimit,
                 fmt::format("panel \"{}\" has {} requests waiting, limit {}; try again later", id_,
                             queue_.waiting(), host_.settings.queue_per_panel)};
  pump();
  return {};
}

void LivePanel::start_lifecycle(const PreparedHandler& handler, Run::OnDone done) {
  auto run = std::make_shared<Run>(handler.name, true, nullptr, std::move(done));
  run->set_program(program_);
  Turn turn = StartTurn{std::move(run), make_request(handler, value::Object{})};
  // Mount is the first to come and unmount the last, so nobody is in their way.
  NX_CHECK(queue_.admit(turn));
  pump();
}

engine::RunRequest LivePanel::make_request(const PreparedHandler& handler,
                                           value::Value args) const {
  return {.panel_id = id_,
          .handler_name = handler.name,
          .source = handler.source,
          .args = std::move(args),
          .scope = value::Object{},
          .capabilities = handler.capabilities,
          .extensions = program_->methods,
          .limits = handler.limits,
          .queued_at = host_.clock.now()};
}

// --- Turns

void LivePanel::pump() {
  if (retry_ != nullptr) return;
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

// After a turn that went on elsewhere.
void LivePanel::end_turn() {
  queue_.finish();
  if (phase_ == Phase::kClosing) return continue_closing();
  pump();
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
  if (!submit_segment(host_.segments, state_, turn, std::move(done))) return false;
  active_ = std::move(run);
  return true;
}

void LivePanel::finish_segment(const std::shared_ptr<Run>& run, Outcome outcome) {
  log_lines(id_, run->handler(), outcome);
  log_denials(id_, run->handler(), outcome);
  active_ = nullptr;
  last_activity_ = host_.clock.wall();
  if (phase_ == Phase::kClosing) {
    if (outcome.status == Status::kSuspended) host_.segments.engine.cancel(outcome.run_id);
    turn_into_failure(outcome, destroyed_during_run());
  }
  conclude(run, std::move(outcome));
  end_turn();
}

void LivePanel::conclude(const std::shared_ptr<Run>& run, Outcome outcome) {
  if (outcome.status != Status::kError) {
    if (auto committed = commit(outcome, run->takes_patches()); !committed.ok()) {
      if (outcome.status == Status::kSuspended) host_.segments.engine.cancel(outcome.run_id);
      turn_into_failure(outcome, run_error(committed.error().code, committed.error().message));
    } else {
      triggers_->on_segment(outcome.mutations, outcome.events, run->chain());
    }
  }
  if (outcome.status == Status::kSuspended) return suspend(run, std::move(outcome));
  if (outcome.error) log_failure(id_, run->handler(), outcome.run_id, *outcome.error);
  suspended_.erase(run);
  run->finish(std::move(outcome));
}

// One segment, one transaction: all of it is applied or none, and clients hear of it in this order.
Result<void> LivePanel::commit(Outcome& outcome, bool patches) {
  NX_TRY_VOID(state_->apply(outcome.mutations));
  if (!outcome.mutations.empty()) publish_patch(outcome.mutations);
  if (!patches) state_->complete(outcome.mutations);
  if (audience_.empty()) return {};
  for (const auto& event : outcome.events) audience_.send(encode_event(version(), event));
  if (!outcome.view_commands.empty()) audience_.send(encode_view(version(), outcome.view_commands));
  return {};
}

void LivePanel::apply_write(SetRequest request) {
  auto mutation = state_->resolve_write(request.path, std::move(request.value));
  if (!mutation.ok()) return request.on_done(std::move(mutation).take_error());
  commit_write({std::move(mutation).take()}, request.on_done);
}

bool LivePanel::begin_write(const SetRequest& request) {
  auto done = [self = weak_from_this(), on_done = request.on_done](auto changes) {
    if (const auto panel = self.lock()) return panel->finish_write(std::move(changes), on_done);
    on_done(destroyed_before_start());
  };
  return submit_write(host_.segments, state_, request, std::move(done));
}

void LivePanel::finish_write(Result<std::vector<engine::Mutation>> changes,
                             const std::function<void(Result<void>)>& on_done) {
  if (phase_ == Phase::kClosing) {
    on_done(destroyed_before_start());
  } else if (!changes.ok()) {
    on_done(std::move(changes).take_error());
  } else {
    commit_write(std::move(changes).take(), on_done);
  }
  end_turn();
}

// `changes` starts with what was written.
void LivePanel::commit_write(std::vector<engine::Mutation> changes,
                             const std::function<void(Result<void>)>& on_done) {
  engine::Mutation written = changes.front();
  if (auto applied = state_->apply(changes); !applied.ok())
    return on_done(Error{ErrorCode::kInvalidArgument, applied.error().message});
  // The writer waits for a PATCH to know that its value has arrived, even if it was there already.
  if (changes.empty()) changes.push_back(std::move(written));
  publish_patch(changes);
  triggers_->on_segment(changes, {}, 0);
  on_done({});
}

void LivePanel::publish_patch(const std::vector<engine::Mutation>& mutations) {
  const auto now = unix_ms(host_.clock.wall());
  audience_.send([&](bool patches) {
    return patches ? encode_patch(version(), mutations, now)
                   : encode_mutations(version(), mutations, *state_, now);
  });
}

// --- Suspended runs

void LivePanel::suspend(const std::shared_ptr<Run>& run, Outcome outcome) {
  suspended_.insert(run);
  const auto open = std::move(outcome.suspensions);
  auto fresh = std::move(outcome.new_suspensions);
  run->absorb(outcome);
  if (run->expired()) return end_run(run, *run->expired());
  if (!run->ended()) run->report_progress(open);
  // Whoever was told of the segment may have destroyed the panel, and with it the run.
  if (run->ended() || phase_ == Phase::kClosing) return end_run(run, destroyed_during_run());
  for (auto& suspension : fresh) start_call(run, std::move(suspension));
}

void LivePanel::start_call(const std::shared_ptr<Run>& run, engine::Suspension suspension) {
  const auto self = weak_from_this();
  const std::weak_ptr<Run> weak_run = run;
  loop::Loop& loop = host_.segments.loop;
  // Posted, so that the answer's turn may destroy the call it came from.
  auto done = [self, weak_run, id = suspension.id, &loop](Result<value::Value> answer) {
    auto shared = std::make_shared<Result<value::Value>>(std::move(answer));
    loop.post([self, weak_run, id, shared] {
      const auto panel = self.lock();
      const auto waiting = weak_run.lock();
      if (panel && waiting) panel->take_answer(waiting, id, std::move(*shared));
    });
  };
  const auto& extensions = run->program()->extensions;
  const auto extension = extensions.find(suspension.extension);
  NX_CHECK(extension != extensions.end());
  const auto plan = extension->second->plan(suspension.method, suspension.args);
  auto call = extension->second->call(
      {id_, run->id(), suspension.id, host_.clock.wall()}, suspension.method,
      std::move(suspension.args), std::move(done));
  if (plan.allowance == extension::CallPlan::kNoLimit)
    return run->open_call(suspension.id, std::move(call), nullptr);
  const auto patience = host_.settings.suspension_timeout + plan.allowance;
  auto deadline = loop.after(patience, [self, weak_run, patience, suspension] {
    const auto panel = self.lock();
    const auto waiting = weak_run.lock();
    if (!panel || !waiting) return;
    panel->miss_deadline(waiting,
                         fmt::format("{}.{} did not answer within {} ms", suspension.extension,
                                     suspension.method, patience.count()));
  });
  run->open_call(suspension.id, std::move(call), std::move(deadline));
}

void LivePanel::take_answer(const std::shared_ptr<Run>& run, const std::string& suspension_id,
                            Result<value::Value> answer) {
  if (!run->close_call(suspension_id)) return;
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
  host_.segments.engine.cancel(run->id());
  log_failure(id_, run->handler(), run->id(), error);
  // The parameter may be a reference into the set.
  const std::shared_ptr<Run> kept = run;
  suspended_.erase(kept);
  kept->fail(std::move(error));
}

// --- Mount, unmount and the end

void LivePanel::mount(std::function<void()> ready) {
  if (!program_->mount) {
    triggers_->start();
    return ready();
  }
  mount_ready_ = std::move(ready);
  lifecycle_timer_ =
      host_.segments.loop.after(host_.settings.lifecycle_wait, [this] { mount_over(); });
  start_lifecycle(*program_->mount, [this](Result<ExecutionResult> result) {
    if (result.ok() && result->outcome.error) mount_error_ = result->outcome.error;
    mount_over();
  });
}

void LivePanel::mount_over() {
  if (!mount_ready_) return;
  triggers_->start();
  lifecycle_timer_.reset();
  const auto ready = std::exchange(mount_ready_, nullptr);
  ready();
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
    if (auto* start = std::get_if<StartTurn>(&turn)) start->run->refuse(Error(cancelled));
    if (auto* write = std::get_if<WriteTurn>(&turn)) write->request.on_done(Error(cancelled));
    if (auto* reload = std::get_if<ReloadTurn>(&turn)) reload->reload->on_done(Error(cancelled));
  }
  const auto runs = suspended_;
  for (const auto& run : runs)
    if (run != active_ && !run->ended()) end_run(run, destroyed_during_run());
}

void LivePanel::continue_closing() {
  // A segment under way, or a write, comes back here when it has ended.
  if (queue_.busy()) return;
  if (std::exchange(unmount_wanted_, false)) return begin_unmount();
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
