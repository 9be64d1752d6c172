#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/extension/extension.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

struct Program;

// One run from its trigger to its answer: whom to tell, what it did so far, which calls it waits
// for. Shared between the queue and the panel; loop thread only.
class Run {
 public:
  using OnProgress =
      std::function<void(const std::string&, const std::vector<engine::Suspension>&)>;
  using OnDone = std::function<void(Result<ExecutionResult>)>;

  // `patches`: how the result gives the changes of state.
  Run(std::string handler, bool patches, OnProgress on_progress, OnDone on_done)
      : handler_(std::move(handler)),
        patches_(patches),
        on_progress_(std::move(on_progress)),
        on_done_(std::move(on_done)) {}

  const std::string& handler() const { return handler_; }
  bool takes_patches() const { return patches_; }
  // How many runs, each the cause of the next, led to this one; see Triggers.
  unsigned chain() const { return chain_; }
  void set_chain(unsigned chain) { chain_ = chain; }
  // What it runs, to its end: the panel may have another program by then.
  const std::shared_ptr<const Program>& program() const { return program_; }
  void set_program(std::shared_ptr<const Program> program) { program_ = std::move(program); }
  // The engine's id of the run; empty until its first segment has ended.
  const std::string& id() const { return id_; }
  // Whether the trigger has been answered.
  bool ended() const { return on_done_ == nullptr; }

  // Takes the effects of a segment that was committed, and its id and figures.
  void absorb(engine::Outcome& outcome);
  void report_progress(const std::vector<engine::Suspension>& open);

  // Answers the trigger with all effects so far and what the last segment left besides; cancels the
  // open calls. Only the first of finish(), fail() and refuse() has an effect.
  void finish(engine::Outcome last);
  // For reasons outside the handler; kTimeout means that an extension missed its deadline.
  void fail(engine::RunError error);
  // Answers that no run was started.
  void refuse(Error error);

  // The call behind a suspension, until it is answered or the run ends. `deadline` fails the run.
  void open_call(std::string suspension_id, std::unique_ptr<extension::Call> call,
                 std::unique_ptr<loop::Timer> deadline);
  // False when there is no such open call.
  bool close_call(const std::string& suspension_id);

  // Remembers why the run is to end once the segment under way has returned. The first reason
  // stays.
  void expire(engine::RunError error);
  const std::optional<engine::RunError>& expired() const { return expired_; }

 private:
  struct OpenCall {
    std::unique_ptr<extension::Call> call;
    std::unique_ptr<loop::Timer> deadline;
  };

  ExecutionResult collect(engine::Outcome last);
  void answer(Result<ExecutionResult> result);

  const std::string handler_;
  const bool patches_;
  unsigned chain_ = 0;
  std::shared_ptr<const Program> program_;
  std::string id_;
  OnProgress on_progress_;
  OnDone on_done_;                              // empty once called
  engine::Outcome effects_;                     // of all segments so far
  bool missed_deadline_ = false;
  bool started_ = false;                        // effects_.metrics hold the first segment's
  std::map<std::string, OpenCall> open_calls_;  // by suspension id
  std::optional<engine::RunError> expired_;
};

}  // namespace nexus::panel
