#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/extension/extension.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/workspace.h"
#include "nexus/storage/records.h"

namespace nexus::panel {

struct Program;

// One run from its trigger to its answer: whom to tell, what it did so far, which calls it waits
// for. Shared between the queue and the panel; loop thread only.
class Run {
 public:
  using OnProgress = decltype(TriggerRequest::on_progress);
  using OnDone = std::function<void(Result<ExecutionResult>)>;

  // `patches`: how the result gives the changes of state.
  Run(std::string handler, bool patches, OnProgress on_progress, OnDone on_done)
      : handler_(std::move(handler)),
        patches_(patches),
        on_progress_(std::move(on_progress)),
        on_done_(std::move(on_done)) {}

  const std::string& handler() const { return handler_; }
  bool takes_patches() const { return patches_; }
  // Who asked for it and with what: for the history.
  const std::string& actor() const { return actor_; }
  void set_actor(std::string actor) { actor_ = std::move(actor); }
  // Of every step that belongs to it.
  const trace::TraceContext& trace() const { return trace_; }
  void set_trace(trace::TraceContext trace) { trace_ = std::move(trace); }
  std::string take_args() { return std::move(args_); }
  void set_args(std::string packed) { args_ = std::move(packed); }
  // Whether its result is kept for whoever asks later.
  bool keeps_result() const { return keeps_result_; }
  void keep_result() { keeps_result_ = true; }
  // The key under which a repetition of the request finds it.
  std::optional<storage::IdempotencyRecord> take_key() { return std::exchange(key_, std::nullopt); }
  void set_key(storage::IdempotencyRecord key) { key_ = std::move(key); }
  // How many runs, each the cause of the next, led to this one; see Triggers.
  unsigned chain() const { return chain_; }
  void set_chain(unsigned chain) { chain_ = chain; }
  // What it runs, to its end: the panel may have another program by then.
  const std::shared_ptr<const Program>& program() const { return program_; }
  void set_program(std::shared_ptr<const Program> program) { program_ = std::move(program); }
  // The engine's id of the run; empty until its first segment has ended.
  const std::string& id() const { return id_; }
  // Whether it is over; the trigger may be answered later, when that is stored.
  bool ended() const { return ended_; }
  bool suspended_before() const { return suspended_before_; }

  // Takes the effects of a segment, and its id and figures. The run is suspended now.
  void absorb(engine::Outcome& outcome);
  // Tells the trigger which calls the run waits for now.
  void report_waiting(const std::vector<engine::Suspension>& open);
  // Tells it how far one of them is. Ignored once the call is over.
  void report_progress(const std::string& suspension_id, value::Value progress);
  // A run that was stored with these effects.
  void restore(std::string id, engine::Outcome effects);
  const engine::Outcome& effects() const { return effects_; }

  // Ends the run with all effects so far and what the last segment left besides; cancels the open
  // calls. To be called once.
  ExecutionResult end(engine::Outcome last);
  // The same for reasons outside the handler; kTimeout means that an extension missed its deadline.
  ExecutionResult end_with(engine::RunError error);
  // Ends it if that has not happened, and answers the trigger. An Error says that no run was
  // started, or that its last segment was not stored. Only the first call has an effect.
  void answer(Result<ExecutionResult> result);
  // end_with() and answer() in one, for a run that may have ended.
  void fail(engine::RunError error);

  // A call behind a suspension, until it is answered or the run ends.
  struct OpenCall {
    std::unique_ptr<extension::Call> call;
    std::unique_ptr<loop::Timer> deadline;  // fails the run
    bool repeatable = false;                // may be made again after a restart
  };
  void open_call(std::string suspension_id, OpenCall call);
  struct ClosedCall {
    WaitingCall told;  // without names in a run that has come back after a restart
    bool repeatable;
    std::int64_t asked_ms;
  };
  // Nothing when there is no such open call.
  std::optional<ClosedCall> close_call(const std::string& suspension_id);

  // When the handler asked for what it waits for, in milliseconds of the wall clock.
  std::map<std::string, std::int64_t>& asked_ms() { return asked_ms_; }

  // One more who wants to know how it ends.
  void add_waiter(OnDone on_done) { waiters_.push_back(std::move(on_done)); }

  // Remembers why the run is to end once the segment under way has returned. The first reason
  // stays.
  void expire(engine::RunError error);
  const std::optional<engine::RunError>& expired() const { return expired_; }

 private:
  const std::string handler_;
  const bool patches_;
  std::string actor_;
  trace::TraceContext trace_;
  std::string args_;
  bool keeps_result_ = false;
  std::optional<storage::IdempotencyRecord> key_;
  unsigned chain_ = 0;
  std::shared_ptr<const Program> program_;
  std::string id_;
  OnProgress on_progress_;
  OnDone on_done_;  // empty once called
  std::vector<OnDone> waiters_;
  engine::Outcome effects_;  // of all segments so far
  bool ended_ = false;
  bool suspended_before_ = false;
  bool started_ = false;                          // effects_.metrics hold the first segment's
  std::map<std::string, OpenCall> open_calls_;    // by suspension id
  std::map<std::string, std::int64_t> asked_ms_;  // by suspension id
  std::vector<WaitingCall> waiting_;              // as the trigger was told
  std::optional<engine::RunError> expired_;
};

}  // namespace nexus::panel
