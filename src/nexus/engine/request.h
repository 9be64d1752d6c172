#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/capability/capability.h"
#include "nexus/value/value.h"

// What a caller of the engine hands in: plain data, and the one interface it implements.
namespace nexus::engine {

// A handler's text and where it stands in the author's file, so that errors carry the author's positions.
struct HandlerSource {
  std::string text;
  Location start = {1, 1};  // of the first character of `text`
};

// Bounds on one run; 0 is never "unlimited". Defaults: reference.md section 5.3 as ruled in design.md 4.
struct Limits {
  std::chrono::milliseconds timeout{5000};  // running time, cumulative over segments, suspension excluded
  std::size_t memory_bytes = 32u << 20;     // linear memory of the sandbox
  std::uint32_t host_calls = 1000;
  std::uint32_t state_mutations = 1000;
  std::uint32_t events = 100;
  std::uint32_t view_commands = 100;
  std::uint32_t log_lines = 1000;
  std::uint32_t suspensions_in_flight = 64;
  std::uint32_t promise_jobs = 1'000'000;  // continuations of an await or a then
  value::ValueLimits payload{.depth = 64, .bytes = 4u << 20};  // of one value that crosses the boundary
  std::size_t total_bytes = 32u << 20;  // memory of all values a run hands over: writes, events, calls, log lines
};

// The lower of each: a run may lower the engine's limits, never raise them.
Limits lower_of(const Limits& a, const Limits& b);

struct PathStep {
  // A member of an object, or an index of a list when `index` is set.
  std::string key;
  std::optional<std::uint32_t> index;
};

// The state a handler sees. Implemented by the panel. Called on the thread that runs the segment; the
// panel promises that nothing changes underneath while the segment runs.
class StateView {
 public:
  virtual ~StateView() = default;
  // The value of a declared or computed key; nullptr when there is none. Lives until the segment ends.
  virtual const value::Value* get(std::string_view key) const = 0;
  virtual std::vector<std::string> keys() const = 0;
  // Whether `key` may take `value` (nullptr: be deleted): undeclared, computed or wrongly typed is
  // kStateError. May replace `value` by its coerced form.
  virtual Result<void> check_write(std::string_view key, value::Value* value) const = 0;
};

// One extension as a handler reaches it. `scope` is the name its capability token carries: the last segment
// of the registered name, whatever alias the panel chose ("http" for "nexus.http").
struct ExtensionEntry {
  std::string scope;
  std::vector<std::string> methods;
};

// Extensions a handler may call, by their alias in `$ext`.
using ExtensionMethods = std::map<std::string, ExtensionEntry, std::less<>>;

// One reading of the clock, given `times` times in a row.
struct ClockReading {
  std::int64_t unix_ms = 0;
  std::uint32_t times = 1;
  bool operator==(const ClockReading&) const = default;
};

// What a run learns of time and chance: a run with the same request, state and answers, and these inputs,
// does the same again. Ids of runs and suspensions are new each time.
struct RunInputs {
  std::array<std::uint32_t, 4> seed{};  // of Math.random
  // What Date.now(), new Date(), $time.now() and the times of events and log lines came from, in order. The
  // clock goes on during a run, so that a handler can wait for it and measure with it.
  std::vector<ClockReading> clock;
  bool operator==(const RunInputs&) const = default;
};

// Everything one run needs. Owned by the run until it ends.
struct RunRequest {
  std::string panel_id;      // for logs
  std::string handler_name;  // for logs and messages
  HandlerSource source;
  value::Value args;   // object
  value::Value scope;  // object
  capability::GrantSet capabilities;
  std::shared_ptr<const ExtensionMethods> extensions;
  Limits limits;  // the engine's own are the upper bounds
  std::optional<RunInputs> replay = {};  // not set: a fresh seed and the machine's clock
  bool record_inputs = false;            // Outcome::inputs is wanted
  bool save_suspended = false;           // Outcome::saved is wanted
  // When the run began to wait for its turn, for the metrics; not set: now.
  std::optional<Clock::Steady> queued_at = {};
};

// A suspended run, complete enough to go on in another process of the same guest build (design.md D2).
struct SavedRun {
  std::string guest_hash;  // the guest build
  std::string image_hash;  // the base image that `memory` is the difference to
  std::string memory;      // packed
  // What the host keeps of the run: permissions, limits, counters, arguments, open calls. Versioned.
  std::string host;
  std::int64_t running_us = 0;  // over all segments so far
};

// The answer to an extension call.
struct AsyncResult {
  bool success = true;
  value::Value value;   // on success
  std::string error;    // on failure: the message of the Error the handler sees
  std::string code = {};     // on failure: its `code`, for example "TIMEOUT"
  std::optional<Clock::Steady> queued_at = {};  // as RunRequest's
};

}  // namespace nexus::engine
