#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/capability/capability.h"
#include "nexus/engine/engine.h"
#include "nexus/extension/registry.h"
#include "nexus/loop/loop.h"
#include "nexus/nxml/nxml.h"
#include "nexus/panel/frame.h"
#include "nexus/panel/subscription.h"
#include "nexus/replay/recorder.h"
#include "nexus/state/store.h"
#include "nexus/storage/store.h"
#include "nexus/trace/trace_context.h"
#include "nexus/value/value.h"

namespace nexus::panel {

class Panel;
class FaultList;

// A connected WebSocket as the panel sees it; implemented by the server. Loop thread only.
class Client {
 public:
  virtual ~Client() = default;
  // Queues one message; never blocks. A client that cannot keep up is closed by its own session.
  virtual void send(const Frame& frame) = 0;
  // Whether it is sent what changed inside a key as JSON Patch instead of the whole key.
  virtual bool takes_patches() const { return false; }
  // Starts the closing handshake with `code` (RFC 6455 section 7.4) and forgets the panel.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

// Owns what no authenticated caller created.
inline constexpr std::string_view kDefaultOwner = "default";

// A request that could not become a panel: an error, and for NXML every diagnostic, errors first.
struct CreateError {
  Error error;
  std::vector<nxml::Diagnostic> diagnostics;

  // The diagnostics; for what has no place in the document, one of the document as a whole.
  std::vector<nxml::Diagnostic> to_diagnostics() const;
};

// Makes a repetition of a request, also after a restart, be answered as the first one was; one with
// the same key and another `request_hash` is kInvalidArgument.
struct RequestKey {
  std::string key;
  std::string request_hash;
};

struct CreateRequest {
  std::string source;  // NXML
  std::optional<std::string> panel_id;
  std::optional<value::Value> initial_state;  // of a new panel
  // The workspace_id of whoever creates it (docs/SECURITY.md); who may reach the panel is the server's business.
  std::string owner = std::string(kDefaultOwner);
  // The id when neither `panel_id` nor the document gives one; empty for a random one.
  std::string default_id = {};
  // Asked when a panel of this owner has the id already: whether it gets this document, by the rules
  // of docs/NXML.md, "Reloading". Absent: never, which is kPanelExists.
  std::function<bool(const std::string& id)> may_replace = {};
  // What its changes promise once they are acknowledged; not set: as the document says, else
  // kCommit.
  std::optional<storage::Durability> durability = {};
  // For a playground: left out of list(), and destroyed when nobody has looked at it for a while (previews.h).
  bool preview = false;
  // Settings of extensions by alias; each replaces that of the document's declaration. A panel that gets
  // another document keeps those it had, unless there are new ones.
  value::Object extensions = {};
  // They are those of a panel that has been there: one for an alias that the document does not declare
  // waits for a document that does.
  bool kept_extensions = false;
  // The most that its handlers may do; not set: the default grants (grants.h).
  std::optional<capability::GrantSet> grants = {};
  // Of the owner. Known as long as the panel lives; see Panel::creation_answer().
  std::optional<RequestKey> key = {};
};

// How a run ended, all segments together; docs/PROTOCOL.md, "ExecutionResult".
struct ExecutionResult {
  std::string execution_id;
  engine::Outcome outcome;  // the last segment, with the effects of all segments in order
  // The run ended because an extension did not answer in time; HTTP says 504 (design.md section 4).
  bool missed_deadline = false;
  // The changes of state are given as JSON Patch, else as whole keys.
  bool patches = false;
  // The JSON form as it was first given, of a run that is known from the store only.
  std::optional<std::string> stored = {};
};

// Appends the JSON form of an ExecutionResult. `debug` adds location, snippet and stack.
void write_json(const ExecutionResult& result, bool debug, std::string& out);

// An extension call that a run waits for.
struct WaitingCall {
  std::string id;
  std::string extension;  // the alias
  std::string method;
  std::optional<value::Value> progress;  // what the extension reported last
};

// Who wants to hear about one trigger.
struct TriggerRequest {
  std::string tool;
  value::Value args;  // object by name, list by position, scalar for the first; null for none
  std::optional<std::string> request_id;
  bool patches = false;  // how the result gives the changes of state
  std::string actor = {};  // who asks, for the history
  trace::TraceContext trace = {};  // the step that asks; empty: the run begins a trace
  // Whether the result is kept, for Panel::execution(). That of a run that was suspended always is.
  bool keep_result = false;
  std::optional<RequestKey> key = {};
  // Called at each suspension, after the segment's patches were sent, and when a call reports how far
  // it is.
  std::function<void(const std::string& execution_id, const std::vector<WaitingCall>& calls)>
      on_progress = {};
  // Called exactly once. An Error means that no run was started.
  std::function<void(Result<ExecutionResult>)> on_done;
};

// How a bound input writes; docs/PROTOCOL.md, "SET".
struct SetRequest {
  // From the root of the state; the first step is a declared key.
  std::vector<engine::PathStep> path;
  value::Value value;
  // Called exactly once: after the PATCH was sent, or with kInvalidArgument, kResourceLimit or
  // kStorageError and nothing changed.
  std::function<void(Result<void>)> on_done;
  std::string actor = {};  // who writes, for the history
};

// What a client that was connected before has seen already.
struct SeenUpTo {
  std::string epoch;
  std::uint64_t version = 0;
};

// The state of a panel as it is stored.
struct StateAnswer {
  std::string epoch;
  std::uint64_t version = 0;
  std::string json;  // the state object
};

// How one segment of a run ended, for whoever watches all panels.
struct SegmentReport {
  std::string_view panel, owner, handler;
  const engine::Outcome& outcome;
  const trace::TraceContext& trace;  // the step that asked for the run
  Clock::Wall start, end;            // the time in the executor's queue is not part of it
};

// How one call to an extension ended.
struct CallReport {
  std::string_view panel, run, extension, method;
  const Error* error;  // nullptr when it was answered
  const trace::TraceContext& trace;  // as above
  Clock::Wall start, end;
};

struct Settings {
  engine::Limits limits;
  std::chrono::milliseconds suspension_timeout{60000};
  std::uint32_t max_panels = 1000;
  std::size_t max_state_bytes = state::kDefaultMaxBytes;  // of one panel, see state::Store
  // What no handler of any panel may exceed; not set: every extension there is.
  std::optional<capability::GrantSet> capability_policy = {};
  std::uint32_t max_panels_per_owner = 1000;
  std::uint32_t queue_per_panel = 100;  // triggers and writes waiting; one more is kResourceLimit
  std::uint32_t queue_per_owner = 1000;  // the same, in all panels of one owner
  std::uint32_t max_running = 1000;      // segments handed to the executor at once
  std::uint32_t max_running_per_owner = 1000;  // of them, of one owner's panels
  // Told of every segment, on the loop; what it is given lives as long as the call.
  std::function<void(const SegmentReport&)> on_segment = {};
  std::function<void(const CallReport&)> on_call = {};  // the same for calls to extensions
  // A preview is destroyed when it had no client for this long, at the latest after twice as long.
  std::chrono::milliseconds preview_grace{60000};
  // How long a `mount` that waits for something holds up the answer of create(), and an `unmount`
  // that of destroy().
  std::chrono::milliseconds lifecycle_wait{5000};
  // How long the result of a run is kept for whoever asks later.
  std::chrono::milliseconds result_lifetime{std::chrono::hours{24}};
  bool debug_errors = false;  // what is kept holds location, snippet and stack
  replay::Recorder* recorder = nullptr;  // writes every run down; outlives the workspace
  FaultList* faults = nullptr;  // hears which stored panels cannot be loaded; outlives the workspace
};

// What went on since the start, and goes on now, over all panels.
struct Traffic {
  std::uint64_t segments_waiting = 0;  // for their owner's turn
  std::uint64_t segments_running = 0;  // given to the executor
  std::uint64_t requests_waiting = 0;  // triggers and writes, for their panel's turn
  // PATCHes encoded: with whole keys, with operations, and selections of either for clients that asked
  // for some keys only.
  std::uint64_t patches_whole = 0, patches_operations = 0, patches_selected = 0;
  // Refused: a panel's queue was full, its owner's panels had too many waiting, there were too many panels.
  std::uint64_t refused_panel_queue = 0, refused_owner_queue = 0, refused_panels = 0;
};

// All panels of one server: creation, look-up, destruction. Lives on one loop; every method on its
// thread, every callback on its thread.
class Workspace {
 public:
  virtual ~Workspace() = default;

  // Parses, checks, precompiles every handler, runs `mount`, then calls `done` with the panel. A
  // `mount` that fails is logged and shown in the info; the panel exists all the same. With
  // `may_replace` the answer may be a panel that was there and goes on with this document.
  virtual void create(CreateRequest request,
                      std::function<void(std::variant<Panel*, CreateError>)> done) = 0;

  // Brings back what the store holds, before anything else is asked of the workspace: panels with
  // version, epoch and owner, runs that wait, triggers. A panel that cannot be loaded stays stored, is
  // logged, and is one of unloaded(). `done` gets the counts.
  struct Recovered {
    std::size_t panels = 0, failed = 0;  // panels that came back, and that did not
    std::size_t runs = 0;                // that wait, of those that came back
  };
  virtual void recover(std::function<void(Result<Recovered>)> done) = 0;

  // What StoreOptions::on_lost says.
  virtual void lose(const std::string& panel_id, const Error& error) = 0;

  // What create() would find in a document, and what its handlers need, without making a panel: the answer of
  // POST /check in docs/PROTOCOL.md. `done` is called once, later. Error: kResourceLimit.
  virtual void check(std::string source, std::function<void(Result<std::string>)> done) = 0;

  virtual Panel* find(std::string_view id) = 0;

  // Calls `done`, at once or later, when all that the panel did so far is stored as its durability
  // promises, or with why it is not. kPanelNotFound when there is no such panel.
  virtual void settle(std::string_view panel_id, std::function<void(Result<void>)> done) = 0;
  // The same after a change of what nexus.kv keeps for the panel.
  virtual void keep_entry(std::string_view panel_id, storage::StateChange entry,
                          std::function<void(Result<void>)> done) = 0;
  // In order of creation, without previews.
  virtual std::vector<Panel*> list() = 0;

  // A stored panel that could not be loaded. It keeps its id until destroy(), or until a document that
  // may replace its own takes its place, with the state that fits.
  struct Unloaded {
    std::string owner;  // the default one when even that could not be read
    Error error;
  };
  // By panel id.
  virtual const std::map<std::string, Unloaded, std::less<>>& unloaded() const = 0;

  virtual Traffic traffic() const { return {}; }

  // Runs `unmount`, cancels what is open, closes the clients with 1000, then calls `done`. One of
  // unloaded() is just forgotten. kPanelNotFound when there is no such panel.
  virtual void destroy(std::string_view id, std::function<void(Result<void>)> done) = 0;

  // Ends all runs and closes all clients with `code`; `done` runs when nothing is left.
  virtual void shutdown(std::uint16_t code, std::string_view reason,
                        std::function<void()> done) = 0;
};

// One live panel. Lives on the workspace's loop.
class Panel {
 public:
  virtual ~Panel() = default;

  virtual const std::string& id() const = 0;
  // CreateRequest::owner; the same for the panel's whole life.
  virtual const std::string& owner() const = 0;
  // That clients know of: of the last segment that is stored.
  virtual std::uint64_t version() const = 0;
  // Random; kept over restarts. A new one with each document the panel gets, and when acknowledged
  // changes were lost: a client that has seen another epoch needs state and AST anew.
  virtual const std::string& epoch() const = 0;
  // What loading its document warned of.
  virtual const std::vector<nxml::Diagnostic>& warnings() const = 0;

  // The state object as JSON, computed keys included, as the next segment sees it: it may be ahead
  // of the store, so clients get read_state().
  virtual std::string state_json() const = 0;
  // The state as it is now, once that is stored. `done` is called once, now or later; kStorageError.
  virtual void read_state(std::function<void(Result<StateAnswer>)> done) = 0;
  // The rest of what is stored, as JSON of docs/PROTOCOL.md. Each `done` is called once, later.
  using JsonDone = std::function<void(Result<std::string>)>;
  // What the run did, or that it still waits. kNotFound: there is none, or it is kept no longer.
  virtual void execution(const std::string& execution_id, JsonDone done) = 0;
  // The segments with a sequence below `before`, newest first.
  virtual void history(std::uint64_t before, std::size_t limit, JsonDone done) = 0;
  // kNotFound: the history does not reach back that far, or `version` lies ahead.
  virtual void state_at(std::uint64_t version, JsonDone done) = 0;
  // How the request that created this panel, and that had a key, is answered: as `make` said when this
  // was first asked, which is stored and kept as long as results of runs. `done` is called once, later;
  // kStorageError, kCancelled.
  virtual void creation_answer(std::function<std::string(const StateAnswer&)> make,
                               JsonDone done) = 0;

  // PanelInfo of docs/PROTOCOL.md.
  virtual std::string info_json() const = 0;
  virtual const nxml::Meta& meta() const = 0;
  // The document's text, as it was given.
  virtual const std::string& source() const = 0;
  // The AST of docs/PROTOCOL.md; encoded once for each document.
  virtual const std::string& ast_json() const = 0;

  // The view as it is now, resolved: the answer of GET /panels/{id}/view in docs/PROTOCOL.md. `done`
  // is called once, later. Errors: kResourceLimit and what stopped the run.
  virtual void view(std::function<void(Result<std::string>)> done) = 0;

  // Checks the arguments, queues the run and returns. Runs of one panel go segment by segment in
  // order of arrival; a suspended run lets the next one in.
  virtual void trigger(TriggerRequest request) = 0;

  // Writes one value as a segment of its own, in order of arrival with the triggers. Always
  // followed by a PATCH when accepted, with the same version when the value was there already.
  virtual void set(SetRequest request) = 0;

  // Tells the clients what became of the newest version of the document's file: EVENT
  // `system:reload` of docs/PROTOCOL.md. While there are errors, who attaches later is told too.
  virtual void report_source(const std::string& file,
                             const std::vector<nxml::Diagnostic>& diagnostics) = 0;

  // Sends CONNECTED, again with each new document, and from then on every PATCH, EVENT and VIEW that
  // the client has subscribed to, which at first is all. With `seen` of this epoch exactly the patches
  // that are missing, when they are still known, in place of the state. The client outlives its
  // attachment or detaches first.
  virtual void attach(Client* client, const std::optional<SeenUpTo>& seen) = 0;
  void attach(Client* client) { attach(client, std::nullopt); }
  virtual void detach(Client* client) = 0;

  // Changes what an attached client is sent, behind all that is under way to it. Keys that it gets
  // from then on and did not before are sent to it in a PATCH of that version. Error
  // kInvalidArgument for a key that is not declared; nothing has changed then.
  virtual Result<void> subscribe(Client* client, const SubscriptionChange& change) = 0;
};

// Who does the work of panels; each of their threads may enter the sandbox.
struct Executors {
  loop::Executor& segments;
  loop::Executor& loads;  // reads, checks and compiles documents, which takes milliseconds
};

// What is given outlives the workspace. Without a `store` nothing outlives it.
std::unique_ptr<Workspace> create_workspace(loop::Loop& loop, const Executors& executors,
                                            engine::Engine& engine, extension::Registry& extensions,
                                            const Clock& clock, Settings settings,
                                            storage::Store* store = nullptr);

}  // namespace nexus::panel
