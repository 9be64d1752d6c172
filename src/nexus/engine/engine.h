#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/capability/capability.h"
#include "nexus/value/value.h"

// The execution engine: compile a handler, run it in the sandbox from pristine memory, collect what it
// did, suspend it at extension calls and resume it. It knows nothing of panels, sockets or storage.
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
  value::ValueLimits payload{.depth = 64, .bytes = 4u << 20};  // of one value that crosses the boundary
  std::size_t total_bytes = 32u << 20;  // memory of all values a run hands over: writes, events, calls, log lines
};

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

// Everything one run needs. Owned by the run until it ends.
struct RunRequest {
  std::string panel_id;      // for logs
  std::string handler_name;  // for logs and messages
  HandlerSource source;
  value::Value args;   // object
  value::Value scope;  // object
  capability::GrantSet capabilities;
  std::shared_ptr<const ExtensionMethods> extensions;
  Limits limits;
};

// One change of a top-level state key. `value` is meaningful for kSet only.
struct Mutation {
  enum class Operation { kSet, kDelete };
  Operation operation = Operation::kSet;
  std::string key;
  value::Value value;
};

struct Event {
  std::string name;
  value::Value payload;
  std::int64_t timestamp_ms = 0;
};

struct ViewCommand {
  std::string type;  // setFilter, scrollTo, focus, setProp, call, custom
  std::optional<std::string> component_id;
  value::Value args;  // object
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };
std::string_view to_string(LogLevel level);

struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::int64_t timestamp_ms = 0;
};

// An extension call the run waits for.
struct Suspension {
  std::string id;  // UUID, used once
  std::string extension;  // the alias the handler used
  std::string method;
  value::List args;
};

// Why a run failed. `message` is safe to show; the rest is for the author and leaves the process only
// in debug mode.
struct RunError {
  ErrorCode code = ErrorCode::kExecutionError;
  std::string message;
  std::string name;  // of the JavaScript error, for example "TypeError"; empty for limits
  std::string stack;
  std::optional<Location> location;  // in the author's file
  std::optional<std::string> snippet;  // the lines around, the failing one marked with '>'
  int snippet_line = 0;  // 1-based line of the failing one within the snippet
};

struct Metrics {
  std::int64_t duration_us = 0;      // of this segment
  std::int64_t total_us = 0;         // running time of the run so far
  std::int64_t compile_us = 0;       // 0 when the code was cached
  std::uint64_t memory_used_bytes = 0;  // live on the guest's heap when the segment ended
  std::uint64_t memory_peak_bytes = 0;  // linear memory, whole run
  std::map<std::string, std::uint32_t, std::less<>> host_calls;  // by ABI name, whole run
  bool cache_hit = false;
};

enum class Status { kSuccess, kError, kSuspended };
std::string_view to_string(Status status);

// What one segment of a run did. On kError the effects of the failed segment are gone; logs stay.
struct Outcome {
  Status status = Status::kError;
  std::string run_id;  // same for all segments of a run
  value::Value return_value;
  bool has_return_value = false;  // false when the handler returned undefined
  std::vector<Mutation> mutations;  // at most one per key, in order of first touch, unchanged keys left out
  std::vector<Event> events;
  std::vector<ViewCommand> view_commands;
  std::vector<LogLine> logs;
  std::vector<std::string> closed_suspensions;  // open calls that the end of the run has made moot
  std::vector<Suspension> suspensions;      // all calls that are now open, oldest first
  std::vector<Suspension> new_suspensions;  // those this segment started; start their I/O after the commit
  std::optional<RunError> error;
  Metrics metrics;
};

// The answer to an extension call.
struct AsyncResult {
  bool success = true;
  value::Value value;   // on success
  std::string error;    // on failure: the message of the Error the handler sees
  std::string code = {};     // on failure: its `code`, for example "TIMEOUT"
};

struct Stats {
  std::uint64_t runs_success = 0;
  std::uint64_t runs_error = 0;
  std::uint64_t segments = 0;
  std::uint64_t suspensions = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t total_run_us = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint32_t instances_active = 0;
  std::uint32_t instances_available = 0;
  std::uint64_t instances_created = 0;
  std::uint32_t runs_suspended = 0;
  std::uint64_t suspended_bytes = 0;  // memory held by suspended runs
  std::uint64_t total_memory_bytes = 0;
  std::map<std::string, std::uint64_t> host_calls;  // by ABI name; every name present from the start
  std::map<std::string, std::uint64_t> errors;      // by code; every code present from the start
};

struct Options {
  std::uint32_t min_instances = 2;
  std::uint32_t max_instances = 10;
  std::uint32_t max_suspended = 10000;
  std::size_t max_suspended_bytes = 512u << 20;  // of all suspended runs together
  Limits limits;  // defaults and upper bounds of every run
  std::size_t code_cache_bytes = 64u << 20;
};

// Guarded: every method may be called on any thread that holds a sandbox::ThreadScope
// (executor threads do); stats(), cancel() and shutdown() on any thread.
class Engine {
 public:
  // Makes the base image and warms `min_instances`. Error: what makes the sandbox unusable here.
  static Result<std::unique_ptr<Engine>> create(const Options& options);
  virtual ~Engine() = default;

  // Compiles into the cache. Error kCompilationError with the author's position and a message that
  // names the syntax error.
  virtual Result<void> precompile(const HandlerSource& source) = 0;

  // Runs the first segment on this thread, blocking until it ends, suspends or is stopped.
  virtual Outcome execute(RunRequest request, const StateView& state) = 0;

  // Delivers the answer of one suspended call and runs on until the next suspension or the end. An
  // unknown or used id is an outcome with INVALID_SUSPENSION and no effect.
  virtual Outcome resume(std::string_view suspension_id, AsyncResult result, const StateView& state) = 0;

  // Forgets a suspended run; its open calls become unknown. False when there is none.
  virtual bool cancel(std::string_view run_id) = 0;

  virtual Stats stats() const = 0;

  // Ends every suspended run; later calls answer CANCELLED. Returns at once; a segment under way on
  // another thread ends by its own limits.
  virtual void shutdown() = 0;
};

// SHA-256 of the guest build in hexadecimal: bytecode and snapshots are good for this build only.
std::string_view guest_build_hash();

}  // namespace nexus::engine
