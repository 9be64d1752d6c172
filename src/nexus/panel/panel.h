#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/panel/audience.h"
#include "nexus/panel/panel_state.h"
#include "nexus/panel/program.h"
#include "nexus/panel/run_queue.h"
#include "nexus/panel/segment.h"
#include "nexus/panel/triggers.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// What all panels of a workspace share; outlives them.
struct PanelHost {
  SegmentHost segments;
  loop::Executor& loads;
  const Clock& clock;
  Settings settings;
};

// A panel that lives: collaborators and the sequence in which they act (design.md section 3 and
// D6). One turn at a time: run a segment elsewhere, commit what it did, tell the clients, start the
// calls it asked for, let the next in.
class LivePanel : public Panel, public std::enable_shared_from_this<LivePanel> {
 public:
  LivePanel(std::string id, std::string owner, LoadedPanel loaded, const PanelHost& host);
  // Answers whoever still waits with CANCELLED.
  ~LivePanel() override;

  const std::string& id() const override { return id_; }
  const std::string& owner() const override { return owner_; }
  std::uint64_t version() const override { return state_->version(); }
  const std::string& epoch() const override { return epoch_; }
  const std::vector<nxml::Diagnostic>& warnings() const override { return program_->warnings; }
  std::string state_json() const override { return state_->to_json(); }
  std::string info_json() const override;
  const std::string& ast_json() const override { return program_->ast_json; }
  void view(std::function<void(Result<std::string>)> done) override;
  void trigger(TriggerRequest request) override;
  void set(SetRequest request) override;
  void report_source(const std::string& file,
                     const std::vector<nxml::Diagnostic>& diagnostics) override;
  void attach(Client* client) override;
  void detach(Client* client) override { audience_.detach(client); }

  // Runs `mount`, before anything else. `ready` is called once: when it has ended, or when it is
  // suspended for longer than Settings::lifecycle_wait.
  void mount(std::function<void()> ready);

  // Goes on with `loaded` as soon as no segment is under way, by the rules of docs/NXML.md,
  // "Reloading". `done` is called once, later: kCancelled when the panel is destroyed before,
  // kStateError when its state does not fit. The same source again changes nothing. reload.cc.
  void reload(LoadedPanel loaded, std::function<void(Result<void>)> done);

  enum class Farewell { kUnmount, kAtOnce };
  // Takes nothing new, cancels what waits, lets a segment under way end without effect, runs
  // `unmount` if asked to, closes the clients and calls `done`. May be called again, to skip an
  // `unmount` that lasts.
  void close(Farewell farewell, std::uint16_t code, std::string reason, std::function<void()> done);

 private:
  // kClosing: waiting for the segment under way, if any. kUnmounting: only `unmount` is left.
  enum class Phase { kOpen, kClosing, kUnmounting, kClosed };

  // Requests.
  Result<void> start_tool(TriggerRequest& request, unsigned chain);
  Result<void> start_by_trigger(const std::string& tool, value::Value args, unsigned chain,
                                Triggers::Done done);
  void report_trigger(const std::string& tool, const Error& error);
  std::shared_ptr<Triggers> make_triggers();
  Result<void> admit(Turn turn);
  void start_lifecycle(const PreparedHandler& handler, Run::OnDone done);
  engine::RunRequest make_request(const PreparedHandler& handler, value::Value args) const;

  // Turns.
  void pump();
  void end_turn();
  bool begin(Turn& turn);
  bool begin_segment(Turn& turn);
  void finish_segment(const std::shared_ptr<Run>& run, engine::Outcome outcome);
  void conclude(const std::shared_ptr<Run>& run, engine::Outcome outcome);
  // `patches`: the outcome keeps the changes as patches, else it gets the whole values.
  Result<void> commit(engine::Outcome& outcome, bool patches);
  void apply_write(SetRequest request);
  bool begin_write(const SetRequest& request);
  void finish_write(Result<std::vector<engine::Mutation>> changes,
                    const std::function<void(Result<void>)>& on_done);
  void commit_write(std::vector<engine::Mutation> changes,
                    const std::function<void(Result<void>)>& on_done);
  void publish_patch(const std::vector<engine::Mutation>& mutations);
  // reload.cc
  bool begin_reload(const ReloadTurn& turn);
  void finish_reload(Reload& reload, Result<std::shared_ptr<PanelState>> next);
  void adopt(LoadedPanel loaded, std::shared_ptr<PanelState> next);

  // Suspended runs.
  void suspend(const std::shared_ptr<Run>& run, engine::Outcome outcome);
  void start_call(const std::shared_ptr<Run>& run, engine::Suspension suspension);
  void take_answer(const std::shared_ptr<Run>& run, const std::string& suspension_id,
                   Result<value::Value> answer);
  void miss_deadline(const std::shared_ptr<Run>& run, const std::string& what);
  void end_run(const std::shared_ptr<Run>& run, engine::RunError error);

  // Closing.
  void cancel_waiting();
  void continue_closing();
  void begin_unmount();
  void mount_over();

  const std::string id_;
  const std::string owner_;
  const PanelHost& host_;
  // A reload replaces all three.
  std::string epoch_;
  std::shared_ptr<const Program> program_;
  std::shared_ptr<PanelState> state_;
  const Clock::Wall created_at_;
  Clock::Wall last_activity_;

  Audience audience_;
  RunQueue queue_;
  std::shared_ptr<Run> active_;               // whose segment is under way
  std::shared_ptr<Triggers> triggers_;        // of program_; never empty
  std::set<std::shared_ptr<Run>> suspended_;  // the active one included, when it was resumed
  std::unique_ptr<loop::Timer> retry_;        // set while the executor has no room

  // The view as last resolved, for the version it was asked for.
  std::shared_ptr<const std::string> view_;
  std::uint64_t view_version_ = 0;

  std::function<void()> mount_ready_;  // empty once called
  std::unique_ptr<loop::Timer> lifecycle_timer_;
  std::optional<engine::RunError> mount_error_;

  std::optional<engine::Event> source_errors_;  // as the last report_source() told them

  Phase phase_ = Phase::kOpen;
  bool unmount_wanted_ = false;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
  std::vector<std::function<void()>> on_closed_;
};

}  // namespace nexus::panel
