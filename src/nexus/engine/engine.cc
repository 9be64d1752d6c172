#include "nexus/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>

#include "nexus/base/random.h"
#include "nexus/engine/compiler.h"
#include "nexus/engine/engine_stats.h"
#include "nexus/engine/handler_run.h"
#include "nexus/engine/script_error.h"
#include "nexus/engine/suspended_runs.h"
#include "nexus/sandbox/instance_pool.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus/value/msgpack.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using sandbox::Exit;
using sandbox::Export;
using sandbox::InstancePool;
using sandbox::StopReason;
using SteadyClock = std::chrono::steady_clock;

RunError run_error(ErrorCode code, std::string message) {
  RunError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

Outcome failed(RunError error, std::string run_id = {}) {
  Outcome outcome;
  outcome.status = Status::kError;
  outcome.run_id = std::move(run_id);
  outcome.error = std::move(error);
  return outcome;
}

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
    case StopReason::kStackOverflow:
      return run_error(ErrorCode::kExecutionError, "the handler calls itself too deeply");
    default:
      return run_error(ErrorCode::kWasmError, fmt::format("the sandbox trapped: {}", exit.trap_text));
  }
}

class EngineImpl final : public Engine {
 public:
  EngineImpl(const Options& options, std::unique_ptr<sandbox::Sandbox> sandbox,
             std::unique_ptr<InstancePool> pool)
      : options_(options),
        sandbox_(std::move(sandbox)),
        pool_(std::move(pool)),
        compiler_(*pool_, options.code_cache_bytes),
        suspended_(options.max_suspended, options.max_suspended_bytes) {}

  Result<void> precompile(const HandlerSource& source) override;
  Outcome execute(RunRequest request, const StateView& state) override;
  Outcome resume(std::string_view suspension_id, AsyncResult result, const StateView& state) override;
  bool cancel(std::string_view run_id) override { return suspended_.remove_run(run_id); }
  Stats stats() const override;
  void shutdown() override {
    pool_->shutdown();
    suspended_.close();
  }

 private:
  struct Entry {
    Export function;
    std::array<std::uint32_t, 4> arguments;
  };

  Outcome run_segment(const std::shared_ptr<HandlerRun>& run, const Entry& entry, const StateView& state,
                      InstancePool::Lease& lease);
  Outcome finish_segment(const std::shared_ptr<HandlerRun>& run, const Exit& exit, InstancePool::Lease& lease,
                         Outcome outcome);
  Outcome suspend(const std::shared_ptr<HandlerRun>& run, InstancePool::Lease& lease, Outcome outcome);

  const Options options_;
  const std::unique_ptr<sandbox::Sandbox> sandbox_;
  const std::unique_ptr<InstancePool> pool_;
  Compiler compiler_;
  SuspendedRuns suspended_;
  EngineStats stats_;
};

// A run may lower the engine's limits, never raise them.
Limits lower_of(const Limits& a, const Limits& b) {
  Limits limits;
  limits.timeout = std::min(a.timeout, b.timeout);
  limits.memory_bytes = std::min(a.memory_bytes, b.memory_bytes);
  limits.host_calls = std::min(a.host_calls, b.host_calls);
  limits.state_mutations = std::min(a.state_mutations, b.state_mutations);
  limits.events = std::min(a.events, b.events);
  limits.view_commands = std::min(a.view_commands, b.view_commands);
  limits.log_lines = std::min(a.log_lines, b.log_lines);
  limits.suspensions_in_flight = std::min(a.suspensions_in_flight, b.suspensions_in_flight);
  limits.payload.depth = std::min(a.payload.depth, b.payload.depth);
  limits.payload.bytes = std::min(a.payload.bytes, b.payload.bytes);
  limits.total_bytes = std::min(a.total_bytes, b.total_bytes);
  return limits;
}

Result<void> EngineImpl::precompile(const HandlerSource& source) {
  auto compiled = compiler_.compile(source);
  auto* const error = std::get_if<RunError>(&compiled);
  if (error == nullptr) return {};
  return Error{error->code, error->message, error->stack, error->location};
}

Outcome EngineImpl::execute(RunRequest request, const StateView& state) {
  request.limits = lower_of(request.limits, options_.limits);
  auto compiled = compiler_.compile(request.source);
  if (auto* error = std::get_if<RunError>(&compiled)) {
    Outcome outcome = failed(std::move(*error), random_uuid());
    stats_.record(outcome);
    return outcome;
  }
  auto& code = std::get<Compiled>(compiled);
  auto lease = pool_->lease(SteadyClock::now() + request.limits.timeout);
  if (!lease.ok()) return failed(run_error(lease.error().code, lease.error().message), random_uuid());
  const auto run = std::make_shared<HandlerRun>(std::move(request), code.code, Clock::system());
  std::array<std::uint32_t, 4> seed;
  random_bytes(seed.data(), sizeof seed);
  Outcome outcome = run_segment(run, {Export::kRun, seed}, state, lease.value());
  outcome.metrics.cache_hit = code.cache_hit;
  outcome.metrics.compile_us = code.compile_us;
  stats_.record_compilation(code.cache_hit);
  stats_.record(outcome);
  return outcome;
}

Outcome EngineImpl::resume(std::string_view suspension_id, AsyncResult result, const StateView& state) {
  const std::shared_ptr<HandlerRun> run = suspended_.take(suspension_id);
  if (run == nullptr)
    return failed(run_error(ErrorCode::kInvalidSuspension,
                            fmt::format("no run waits for suspension '{}'", suspension_id.substr(0, 64))));
  auto lease = pool_->lease(SteadyClock::now() + run->request().limits.timeout);
  if (!lease.ok()) return failed(run_error(lease.error().code, lease.error().message), run->id());
  if (auto loaded = lease.value()->load(run->snapshot, run->request().limits.memory_bytes); !loaded.ok())
    return failed(run_error(loaded.error().code, loaded.error().message), run->id());
  run->snapshot = {};
  const std::uint32_t index = *run->index_of(suspension_id);
  run->close(suspension_id);
  run->set_answer(result);
  Outcome outcome = run_segment(run, {Export::kResume, {index, result.success ? 1u : 0u}}, state, lease.value());
  outcome.metrics.cache_hit = true;
  stats_.record(outcome);
  return outcome;
}

Outcome EngineImpl::run_segment(const std::shared_ptr<HandlerRun>& run, const Entry& entry,
                                const StateView& state, InstancePool::Lease& lease) {
  const Limits& limits = run->request().limits;
  const auto start = SteadyClock::now();
  run->begin_segment(state);
  const sandbox::Budget budget{start + limits.timeout - run->total_time, limits.memory_bytes};
  const Exit exit = lease->call(entry.function, entry.arguments, *run, budget);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start);
  run->total_time += took;

  Outcome outcome;
  outcome.run_id = run->id();
  outcome.metrics.duration_us = took.count();
  outcome.metrics.total_us = run->total_time.count();
  outcome.metrics.memory_peak_bytes = lease->memory_peak();
  outcome.metrics.memory_used_bytes =
      std::min<std::uint64_t>(lease->counters().heap_bytes, lease->memory().size());
  outcome.metrics.host_calls = run->host_call_counts();
  return finish_segment(run, exit, lease, std::move(outcome));
}

Outcome EngineImpl::finish_segment(const std::shared_ptr<HandlerRun>& run, const Exit& exit,
                                   InstancePool::Lease& lease, Outcome outcome) {
  HandlerRun::Segment segment = run->end_segment();
  outcome.logs = std::move(segment.logs);
  for (const Suspension& call : run->open_calls()) outcome.closed_suspensions.push_back(call.id);
  const auto fail = [&outcome](RunError error) {
    outcome.status = Status::kError;
    outcome.error = std::move(error);
    return std::move(outcome);
  };
  if (segment.limit_error) return fail(std::move(*segment.limit_error));
  if (exit.stop != StopReason::kNone) return fail(describe_stop(exit, run->request().limits));
  if (exit.value == NX_RUN_THREW)
    return fail(describe_exception(segment.error_report, run->request().source));
  if (!segment.mutations.ok())
    return fail(run_error(segment.mutations.error().code, segment.mutations.error().message));
  if (exit.value == NX_RUN_PENDING && run->open_calls().empty())
    return fail(run_error(ErrorCode::kExecutionError,
                          "the handler waits for something that can never happen: no extension call is open"));
  outcome.mutations = std::move(segment.mutations).take();
  outcome.events = std::move(segment.events);
  outcome.view_commands = std::move(segment.view_commands);
  if (exit.value == NX_RUN_PENDING) {
    outcome.closed_suspensions.clear();
    outcome.new_suspensions = std::move(segment.started);
    return suspend(run, lease, std::move(outcome));
  }
  outcome.status = Status::kSuccess;
  if (segment.return_bytes) {
    auto value = value::decode_msgpack(
        std::as_bytes(std::span(segment.return_bytes->data(), segment.return_bytes->size())),
        run->request().limits.payload);
    if (!value.ok()) return fail(run_error(value.error().code, "return value: " + value.error().message));
    outcome.return_value = std::move(value).take();
    outcome.has_return_value = true;
  }
  return outcome;
}

Outcome EngineImpl::suspend(const std::shared_ptr<HandlerRun>& run, InstancePool::Lease& lease,
                            Outcome outcome) {
  outcome.status = Status::kSuspended;
  outcome.suspensions = run->open_calls();
  run->snapshot = lease->snapshot();
  if (!suspended_.add(run)) {
    Outcome refused = failed(
        run_error(ErrorCode::kResourceLimit,
                  fmt::format("too many runs wait for extensions: limit {} runs or {} bytes of them",
                              options_.max_suspended, options_.max_suspended_bytes)),
        outcome.run_id);
    refused.metrics = std::move(outcome.metrics);
    refused.logs = std::move(outcome.logs);
    return refused;
  }
  return outcome;
}

Stats EngineImpl::stats() const {
  Stats stats = stats_.read();
  const InstancePool::Counts pool = pool_->counts();
  stats.instances_active = pool.active;
  stats.instances_available = pool.available;
  stats.instances_created = pool.created;
  suspended_.describe(stats);
  stats.total_memory_bytes = sandbox_->image().size() + pool.memory_bytes + stats.suspended_bytes;
  return stats;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const Options& options) {
  NX_TRY(auto box, sandbox::Sandbox::create({}));
  NX_TRY(auto pool, InstancePool::create(*box, {options.min_instances, options.max_instances}));
  return std::unique_ptr<Engine>(std::make_unique<EngineImpl>(options, std::move(box), std::move(pool)));
}

std::string_view guest_build_hash() { return sandbox::Sandbox::build_hash(); }

}  // namespace nexus::engine
