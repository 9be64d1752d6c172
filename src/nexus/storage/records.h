#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the store holds, as plain data. Every `value`, `args` and `answer` is the MessagePack
// encoding of one value (value/msgpack.h); the store keeps such bytes as they are and never looks
// inside. Times are milliseconds since the Unix epoch.
namespace nexus::storage {

// What a panel's changes promise once they are acknowledged (design.md D7).
enum class Durability {
  kCommit,  // they survive a crash and a power cut
  kAsync,   // they are written soon; a crash may take the last ones, and the panel's epoch then
            // changes
  kNone,    // they are never written
};

// The words of NexusPanel's attribute: "commit", "async" and "none".
std::string_view to_string(Durability durability);
std::optional<Durability> parse_durability(std::string_view word);

// One top-level key of a panel's state; without a value the change deletes the key.
struct StateChange {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const StateChange&) const = default;
};

// A panel without its state.
struct PanelRecord {
  std::string id;
  std::string workspace_id;  // who owns it
  std::string source;        // NXML
  // Whatever else the panel wants back, for example its grants. A format of the panel's own, with
  // its own version inside.
  std::string settings;
  Durability durability = Durability::kCommit;
  std::string epoch;
  std::uint64_t version = 0;
  std::uint64_t sequence =
      0;  // segments of this panel so far, those that changed no state included
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  bool operator==(const PanelRecord&) const = default;
};

// One committed segment, or the end of a run that failed, which changes nothing: one entry of the
// panel's history.
struct Segment {
  std::uint64_t sequence = 0;  // one more than the panel's last
  std::uint64_t version = 0;   // the panel's after it: one more with mutations or a new source
  std::int64_t at_ms = 0;
  std::int64_t duration_us = 0;
  std::string actor;         // who
  std::string tool;          // empty for a write of a bound input
  std::string execution_id;  // the run it belongs to; empty when there is none
  std::string args;
  std::string events;
  std::vector<StateChange> mutations;  // each key at most once
  std::string failure = {};            // the result of the run that failed, as it is sent: JSON
};

// A run's result, for whoever asks later.
struct ExecutionRecord {
  std::string execution_id;
  std::string status;
  std::string result;  // as it is sent: JSON
  std::int64_t expires_ms = 0;
  bool operator==(const ExecutionRecord&) const = default;
};

// The answer to give when a request with the same key comes again.
struct IdempotencyRecord {
  std::string key;
  std::string request_hash;  // tells a repetition from another request under the same key
  std::string execution_id;
  std::int64_t expires_ms = 0;
  bool operator==(const IdempotencyRecord&) const = default;
};

// An extension call a suspended run waits for.
struct PendingCall {
  std::string call_id;  // the suspension's id
  std::string extension;
  std::string method;
  std::string args;
  std::int64_t deadline_ms = 0;
  bool repeatable = false;            // may be done again when the server died meanwhile
  bool failed = false;                // `answer` is an error
  std::optional<std::string> answer;  // set once the call is over and the run has not taken it yet
  bool operator==(const PendingCall&) const = default;
};

// The answer of a call whose run could not go on at once.
struct CallAnswer {
  std::string execution_id;
  std::string call_id;
  bool failed = false;
  std::string answer;
};

// A run that waits, complete enough to go on in another process.
struct SuspendedRun {
  std::string execution_id;
  std::string guest_hash;  // the guest build whose memory this is
  std::string image_hash;  // the base image the difference is to
  std::string memory;      // packed difference to the image
  // The host's part of the run, opaque: a format of the engine's own, with its own version inside.
  std::string host;
  std::int64_t running_us = 0;   // over all segments so far
  std::int64_t started_ms = 0;   // the run
  std::int64_t deadline_ms = 0;  // the suspension
  std::vector<PendingCall> calls;
  bool operator==(const SuspendedRun&) const = default;
};

// A timer, or where a cron trigger stands. `due_ms` empty removes it.
struct Timer {
  std::string name;
  std::optional<std::int64_t> due_ms;
  std::string data;  // opaque
  bool operator==(const Timer&) const = default;
};

// New source and settings of a panel.
struct Source {
  std::string source;
  std::string settings;
};

// What one segment, or one step outside a segment, does to a panel: all of it is stored or nothing
// is. A segment's `mutations` change the state.
struct Transaction {
  std::string panel_id;
  std::string epoch;  // must be the stored one
  Durability durability = Durability::kCommit;
  // Replaces it, for a panel that lost acknowledged changes.
  std::optional<std::string> new_epoch = {};
  std::optional<Segment> segment = {};
  std::optional<Source> source = {};
  std::vector<ExecutionRecord> executions = {};  // replace those with the same id
  std::vector<IdempotencyRecord> idempotency = {};
  std::vector<std::string> ended_runs = {};  // execution ids: no longer suspended
  std::vector<SuspendedRun> suspended = {};  // replace those with the same id, calls included
  std::vector<CallAnswer> answers = {};
  std::vector<Timer> timers = {};
  std::vector<StateChange> kv = {};  // what nexus.kv holds for the panel
};

// Everything a panel needs to live again.
struct StoredPanel {
  PanelRecord record;
  std::vector<StateChange> state;  // by key; each has a value
  std::vector<SuspendedRun> suspended;
  std::vector<Timer> timers;
};

}  // namespace nexus::storage
