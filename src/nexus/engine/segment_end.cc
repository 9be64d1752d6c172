#include "nexus/engine/segment_end.h"

#include <fmt/format.h>

#include <span>

#include "nexus/engine/script_error.h"
#include "nexus/value/msgpack.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using sandbox::Exit;
using sandbox::StopReason;

// Why a call that did not return by itself failed, in the author's terms.
RunError describe_stop(const Exit& exit, const Limits& limits) {
  switch (exit.stop) {
    case StopReason::kTimeout:
      return run_error(ErrorCode::kTimeout,
                       fmt::format("the handler ran longer than its limit of {} ms", limits.timeout.count()));
    case StopReason::kCancelled:
      return run_error(ErrorCode::kCancelled, "the engine is shutting down");
    case StopReason::kMemoryLimit:
      return run_error(ErrorCode::kMemoryLimit,
                       fmt::format("the handler needs more memory than its limit of {} bytes", limits.memory_bytes));
    case StopReason::kJobLimit:
      return HandlerRun::too_many("promise jobs", limits.promise_jobs);
    case StopReason::kStackOverflow:
      return run_error(ErrorCode::kExecutionError, "the handler calls itself too deeply");
    default:
      return run_error(ErrorCode::kWasmError, fmt::format("the sandbox trapped: {}", exit.trap_text));
  }
}

// Why the segment failed, if it did.
std::optional<RunError> failure(const HandlerRun& run, const Exit& exit, HandlerRun::Segment& segment) {
  if (segment.limit_error) return std::move(segment.limit_error);
  if (exit.stop != StopReason::kNone) return describe_stop(exit, run.request().limits);
  if (exit.value == NX_RUN_THREW) return describe_exception(segment.error_report, run.request().source);
  if (!segment.mutations.ok()) return run_error(segment.mutations.error().code, segment.mutations.error().message);
  if (exit.value == NX_RUN_PENDING && run.open_calls().empty())
    return run_error(ErrorCode::kExecutionError,
                     "the handler waits for something that can never happen: no extension call is open");
  return std::nullopt;
}

Result<value::Value> decode_return_value(std::string_view bytes, const value::ValueLimits& limits) {
  return value::decode_msgpack(std::as_bytes(std::span(bytes.data(), bytes.size())), limits);
}

}  // namespace

Outcome failed(RunError error, std::string run_id) {
  Outcome outcome;
  outcome.status = Status::kError;
  outcome.run_id = std::move(run_id);
  outcome.error = std::move(error);
  return outcome;
}

Outcome conclude(const HandlerRun& run, const Exit& exit, HandlerRun::Segment segment) {
  Outcome outcome;
  outcome.run_id = run.id();
  outcome.logs = std::move(segment.logs);
  outcome.error = failure(run, exit, segment);
  if (!outcome.error && segment.return_bytes) {
    auto value = decode_return_value(*segment.return_bytes, run.request().limits.payload);
    outcome.has_return_value = value.ok();
    if (value.ok())
      outcome.return_value = std::move(value).take();
    else
      outcome.error = run_error(value.error().code, "return value: " + value.error().message);
  }
  auto open = run.open_calls();
  const bool suspended = !outcome.error && exit.value == NX_RUN_PENDING;
  if (!suspended)
    for (Suspension& call : open) outcome.closed_suspensions.push_back(std::move(call.id));
  if (outcome.error) return outcome;
  outcome.mutations = std::move(segment.mutations).take();
  outcome.events = std::move(segment.events);
  outcome.view_commands = std::move(segment.view_commands);
  outcome.status = suspended ? Status::kSuspended : Status::kSuccess;
  if (!suspended) return outcome;
  outcome.suspensions = std::move(open);
  outcome.new_suspensions = std::move(segment.started);
  return outcome;
}

}  // namespace nexus::engine
