#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/engine/request.h"
#include "nexus/value/patch.h"
#include "nexus/value/value.h"

// What the engine hands back: plain data.
namespace nexus::engine {

// One change of a top-level state key. For kSet the new value is `value`, or, when `patch` is not
// empty, what these operations make of the value the key has; `value` then means nothing.
struct Mutation {
  enum class Operation { kSet, kDelete };
  Operation operation = Operation::kSet;
  std::string key;
  value::Value value;
  value::Patch patch = {};
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

// Host calls of one segment that were refused for want of one capability.
struct Denial {
  std::string token;      // that was needed, for example "state:write:count"
  std::string operation;  // what was asked for, for example "writing $state.count"
  std::uint32_t times = 0;
  std::uint64_t unreported = 0;  // denials of the whole engine that were left out before this one
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

RunError run_error(ErrorCode code, std::string message);

struct Metrics {
  std::int64_t duration_us = 0;      // of this segment
  std::int64_t total_us = 0;         // running time of the run so far
  std::int64_t compile_us = 0;       // 0 when the code was cached; not part of the others
  std::uint64_t memory_used_bytes = 0;  // live on the guest's heap when the segment ended
  std::uint64_t memory_peak_bytes = 0;  // linear memory, whole run
  std::map<std::string_view, std::uint32_t> host_calls;  // by ABI name (literals), whole run
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
  // For the audit log: one entry per token. Few per second, whatever handlers do.
  std::vector<Denial> denials;
  std::optional<RunError> error;
  Metrics metrics;
  // When the request asked for them: the inputs of the run so far. Absent past RunClock::kMaxRecorded.
  std::optional<RunInputs> inputs;
  // When the request asked for it and the run is suspended.
  std::optional<SavedRun> saved = {};
};

}  // namespace nexus::engine
