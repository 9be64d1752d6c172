#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/rate_limit.h"
#include "nexus/panel/audience.h"
#include "nexus/panel/journal.h"
#include "nexus/panel/patch_window.h"
#include "nexus/panel/panel_state.h"
#include "nexus/panel/program.h"
#include "nexus/panel/run_queue.h"
#include "nexus/panel/segment.h"
#include "nexus/panel/tenants.h"
#include "nexus/panel/triggers.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// What all panels of a workspace share; outlives them.
struct PanelHost {
  SegmentHost segments;
  loop::Executor& loads;
  const Clock& clock;
  Settings settings;
  storage::Store* store = nullptr;  // nullptr: nothing is stored
  Tenants* tenants = nullptr;       // set by the workspace
  // Counted by all panels. Not their own, since they go.
  std::shared_ptr<Traffic> traffic = std::make_shared<Traffic>();
  // Lines of the audit log about what panels and their calls were refused.
  std::shared_ptr<RateLimit> refusals = std::make_shared<RateLimit>(20, std::chrono::seconds(1));
};

// A key that came with another request before.
Error other_request(std::string_view key);

// A panel that lives: collaborators and the sequence in which they act (design.md section 3 and
// D6). One turn at a time: run a segment elsewhere, commit what it did, tell the clients, start the
// calls it asked for, let the next in. Clients are told, and calls start, when the store has the
// segment; meanwhile the next one runs (journal.h).
class LivePanel : public Panel, public std::enable_shared_from_this<LivePanel> {
 public:
  // `record`: as it is, or will be, stored.
  LivePanel(storage::PanelRecord record, LoadedPanel loaded, const PanelHost& host);
  // Answers whoever still waits with CANCELLED.
  ~LivePanel() override;

  const std::string& id() const override { return record_.id; }
  const std::string& owner() const override { return record_.workspace_id; }
  std::uint64_t version() const override { return published_; }
  const std::string& epoch() const override { return record_.epoch; }
  const std::vector<nxml::Diagnostic>& warnings() const override { return program_->warnings; }
  std::string state_json() const override { return state_->to_json(); }
  void read_state(std::function<void(Result<StateAnswer>)> done) override;
  void execution(const std::string& execution_id, JsonDone done) override;
  void history(std::uint64_t before, std::size_t limit, JsonDone done) override;
  void state_at(std::uint64_t version, JsonDone done) override;
  void creation_answer(std::function<std::string(const StateAnswer&)> make,
                       JsonDone done) override;
  std::string info_json() const override;
  const nxml::Meta& meta() const override { return program_->document->meta; }
  const std::string& source() const override { return program_->source; }
  const std::string& ast_json() const override { return program_->ast_json; }
  void view(std::function<void(Result<std::string>)> done) override;
  void trigger(TriggerRequest request) override;
  void set(SetRequest request) override;
  void report_source(const std::string& file,
                     const std::vector<nxml::Diagnostic>& diagnostics) override;
  using Panel::attach;
  void attach(Client* client, const std::optional<SeenUpTo>& seen) override;
  void detach(Client* client) override;
  Result<void> subscribe(Client* client, const SubscriptionChange& change) override;
  std::size_t clients() const { return audience_.size(); }
  // Of the request that created it, if it had one.
  const std::optional<RequestKey>& creation_key() const { return creation_key_; }

  using Ready = std::function<void(Result<void>)>;
  // Stores the new panel and runs `mount`, before anything else. `ready` is called once: when that
  // has ended, or when `mount` is suspended for longer than Settings::lifecycle_wait; or with why
  // the panel could not be stored.
  void create(Ready ready);
  // Goes on where the stored panel stood; `mount` runs only if it never did.
  void go_on(storage::StoredPanel stored);
  // What was acknowledged before it was stored is lost: loads the panel again, under a new epoch.
  void lose(const Error& error);
  bool is_stored() const { return journal_->stores(); }
  // As Workspace's.
  void settle(std::function<void(Result<void>)> done);
  void keep_entry(storage::StateChange entry, std::function<void(Result<void>)> done);

  // Goes on with `loaded` as soon as no segment is under way, by the rules of docs/NXML.md,
  // "Reloading". `done` is called once, later: kCancelled when the panel is destroyed before,
  // kStateError when its state does not fit, kStorageError. The same source and settings again change
  // nothing. reload.cc.
  void reload(LoadedPanel loaded, std::string settings, std::function<void(Result<void>)> done);
  // storage::PanelRecord::settings.
  const std::string& settings() const { return record_.settings; }
  // As go_on(), for a panel whose stored document could not be loaded: `record` has the document that takes
  // its place, and `stored` what the store has. `ready` is called once, when that is stored.
  void take_over(storage::StoredPanel stored, Ready ready);

  enum class Farewell { kUnmount, kAtOnce };
  // Takes nothing new, cancels what waits, lets a segment under way end without effect, runs
  // `unmount` if asked to, closes the clients and calls `done`. May be called again, to skip an
  // `unmount` that lasts.
  void close(Farewell farewell, std::uint16_t code, std::string reason, std::function<void()> done);

 private:
  // kClosing: waiting for the segment under way, if any. kUnmounting: only `unmount` is left.
  enum class Phase { kOpen, kClosing, kUnmounting, kClosed };

  // Requests.
  void trigger_once(TriggerRequest request);
  void answer_keyed(const std::string& key, Result<ExecutionResult> result);
  void take_keyed(TriggerRequest request, Result<std::string> earlier);
  std::shared_ptr<Run> find_suspended(std::string_view execution_id) const;
  Result<void> start_tool(TriggerRequest& request, unsigned chain);
  Result<void> start_by_trigger(const std::string& tool, value::Value args, unsigned chain,
                                Triggers::Done done);
  void report_trigger(const std::string& tool, const Error& error);
  std::shared_ptr<Triggers> make_triggers();
  // An EVENT of the server's own to every client.
  void announce(std::string_view name, value::Value payload);
  Result<void> admit(Turn turn);
  void mount();
  void start_lifecycle(const PreparedHandler& handler, Run::OnDone done);
  trace::TraceContext trace_of(trace::TraceContext asked) const;
  engine::RunRequest make_request(const PreparedHandler& handler, value::Value args) const;

  // Turns.
  void pump();
  bool begin(Turn& turn);
  bool begin_segment(Turn& turn);
  void finish_segment(const std::shared_ptr<Run>& run, engine::Outcome outcome);
  // What clients hear of one segment, encoded when it ended.
  struct Publication {
    std::uint64_t version = 0;
    Frame whole, patches;  // of PATCH; empty when the state did not change or nobody takes it
    std::vector<std::pair<Topic, Frame>> others;
    PatchWindow::Entry entry;
  };
  void conclude(const std::shared_ptr<Run>& run, engine::Outcome outcome);
  void conclude_failed(const std::shared_ptr<Run>& run, engine::Outcome outcome);
  void finish_run(const std::shared_ptr<Run>& run, ExecutionResult result,
                  storage::Transaction transaction, std::shared_ptr<const Publication> publication);
  Publication prepare(const std::vector<engine::Mutation>& mutations,
                      const std::vector<engine::Event>& events,
                      const std::vector<engine::ViewCommand>& commands);
  void publish(const Publication& publication);
  void apply_write(SetRequest request);
  bool begin_write(const SetRequest& request);
  void finish_write(Result<std::vector<engine::Mutation>> changes, const SetRequest& request);
  void commit_write(std::vector<engine::Mutation> changes, const SetRequest& request);
  void end_turn();
  void settled();
  // reload.cc
  bool begin_reload(const ReloadTurn& turn);
  void finish_reload(const std::shared_ptr<Reload>& reload,
                     Result<std::shared_ptr<PanelState>> next);
  void adopt(const std::shared_ptr<Reload>& reload, std::shared_ptr<PanelState> next);
  // The document and what belongs to it.
  struct Life {
    std::shared_ptr<const Program> program;
    std::shared_ptr<PanelState> state;
    std::string source;
    std::string settings;
    std::string epoch;
  };
  Life exchange_life(Life life);

  void send_state(Client* client);
  void admit_client(Client* client, const Frame& connected, bool stored);
  // Sends what a client missed since `seen`, when `stored` and the window together hold it.
  void catch_up(Client* client, std::uint64_t seen);
  bool send_missed(Client* client, std::uint64_t seen, const std::vector<storage::Segment>& stored);
  Frame connected_frame();
  std::vector<std::string> declared_keys() const;
  // The current values of these keys as a PATCH; nullptr without keys.
  Frame snapshot_of(const std::vector<std::string>& keys, bool patches) const;

  // Reads the store on a thread that may block, after all that is under way. panel_reads.cc.
  template <typename T>
  void read_store(std::function<Result<T>(storage::Store&)> read,
                  std::function<void(Result<T>)> done);
  void remember_result(const ExecutionResult& result);
  void keep_creation_answer(const std::function<std::string(const StateAnswer&)>& make);

  // Storage; panel_store.cc.
  storage::Transaction begin_transaction();
  storage::Segment begin_segment_record(const engine::Outcome& outcome);
  storage::SuspendedRun suspended_record(Run& run, engine::SavedRun saved,
                                         const std::vector<engine::Suspension>& open) const;
  void keep_key(Run& run, const std::string& execution_id,
                storage::Transaction& transaction) const;
  void keep_result(const Run& run, const ExecutionResult& result,
                   storage::Transaction& transaction) const;
  void store_answer(const Run& run, const Run::ClosedCall& call,
                    const Result<value::Value>& answer);
  void store_owed();
  // Of a run that failed: an entry of the history, without effect. Empty when nothing is to be stored.
  storage::Transaction begin_failure(Run& run, const ExecutionResult& result,
                                     std::int64_t duration_us);
  void load_again();
  void read_again();
  void take_reloaded(Result<storage::StoredPanel> stored);
  void try_again_later();
  void restore_run(storage::SuspendedRun saved);
  void restore_call(const std::shared_ptr<Run>& run, const engine::Suspension& suspension,
                    const storage::PendingCall* stored);
  void refuse_stored_run(const storage::SuspendedRun& saved, Error error);
  const PreparedHandler* find_handler(std::string_view name) const;

  // Suspended runs.
  void begin_waiting(const std::shared_ptr<Run>& run, const std::vector<engine::Suspension>& open,
                     std::vector<engine::Suspension> fresh);
  // `asked_at`: now, or, for a call that is made again, earlier.
  void start_call(const std::shared_ptr<Run>& run, engine::Suspension suspension,
                  Clock::Wall asked_at);
  void lose_run(const std::shared_ptr<Run>& run, const Error& error);
  std::chrono::milliseconds patience_for(const extension::CallPlan& plan,
                                         Clock::Wall asked_at) const;
  extension::Reports reports_of(const std::shared_ptr<Run>& run,
                                const engine::Suspension& suspension);
  void take_answer(const std::shared_ptr<Run>& run, const std::string& suspension_id,
                   Result<value::Value> answer);
  void miss_deadline(const std::shared_ptr<Run>& run, const std::string& what);
  void end_run(const std::shared_ptr<Run>& run, engine::RunError error);
  // The same for a panel that ends, of which nothing more is stored.
  void abandon(const std::shared_ptr<Run>& run, engine::RunError error);

  // Closing.
  void cancel_waiting();
  void continue_closing();
  void begin_unmount();
  void mount_over();

  storage::PanelRecord record_;  // its version and sequence: of the last segment, stored or not
  const PanelHost& host_;
  const Tenant tenant_;
  const SegmentHost segments_;
  std::shared_ptr<const Program> program_;  // with the state and the triggers replaced by a reload
  std::shared_ptr<PanelState> state_;
  const Clock::Wall created_at_;
  Clock::Wall last_activity_;
  const std::shared_ptr<Journal> journal_;
  std::uint64_t published_;  // the version that clients know
  PatchWindow window_;

  Audience audience_;
  // CONNECTED of the current state, for a crowd that connects at once; nullptr when nobody did.
  Frame connected_;
  RunQueue queue_;
  std::shared_ptr<Run> active_;               // whose segment is under way
  std::shared_ptr<Triggers> triggers_;        // of program_; never empty
  std::set<std::shared_ptr<Run>> suspended_;  // the active one included, when it was resumed
  std::unique_ptr<loop::Timer> retry_;        // set while the executor has no room

  // To be stored with the next transaction.
  std::vector<storage::Timer> owed_timers_;
  std::vector<std::string> owed_ended_runs_;
  // Requests with a key that are not answered yet.
  struct Keyed {
    std::string request_hash;
    std::vector<Run::OnDone> waiters;
  };
  std::map<std::string, Keyed> keyed_;
  // How the request that created the panel was answered, of a panel that is not stored; and who waits
  // for it while it is looked for or being stored. They outlive the panel.
  const std::optional<RequestKey> creation_key_;
  std::optional<std::string> creation_answer_;
  std::shared_ptr<std::vector<JsonDone>> creation_waiters_;
  // Results of a panel that is not stored, by execution id; the newest last.
  std::deque<std::pair<std::string, std::string>> results_;
  bool renew_epoch_ = false;  // when the panel is loaded again
  bool reloading_ = false;
  bool cannot_load_ = false;  // the last try failed
  std::unique_ptr<loop::Timer> reload_timer_;

  // The view as last resolved, for the version it was asked for.
  std::shared_ptr<const std::string> view_;
  std::uint64_t view_version_ = 0;

  Ready mount_ready_;  // empty once called
  bool mount_done_ = false;
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
