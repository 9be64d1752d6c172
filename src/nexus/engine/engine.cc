#include "nexus/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "nexus/base/random.h"
#include "nexus/engine/compiler.h"
#include "nexus/engine/engine_stats.h"
#include "nexus/engine/handler_run.h"
#include "nexus/engine/segment_end.h"
#include "nexus/engine/suspended_runs.h"
#include "nexus/sandbox/instance_pool.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using sandbox::Exit;
using sandbox::Export;
using sandbox::InstancePool;
using SteadyClock = std::chrono::steady_clock;

// What precompiled code belongs to: where the handler starts in its author's file.
std::string subject_of(const Location& start) { return fmt::format("{}:{}", start.line, start.column); }

Location start_of(std::string_view subject) {
  Location start;
  const char* const end = subject.data() + subject.size();
  const auto line = std::from_chars(subject.data(), end, start.line);
  if (line.ptr != end) std::from_chars(line.ptr + 1, end, start.column);
  return start;
}

// Where compiled handlers are kept, and the key they are sealed with.
struct Storage {
  std::shared_ptr<const Seal> seal;
  std::unique_ptr<DiskCache> disk;  // null: memory only
};

std::string key_of_this_process() {
  std::string key(Seal::kMinKeyBytes, '\0');
  random_bytes(key.data(), key.size());
  return key;
}

Result<Storage> open_directory(const Options& options) {
  NX_TRY(Directory directory, Directory::open(options.cache_dir));
  std::string key = options.cache_key;
  if (key.empty()) {
    NX_TRY(key, load_or_make_key(directory));
  }
  auto seal = std::make_shared<const Seal>(std::move(key));
  return Storage{seal, std::make_unique<DiskCache>(std::move(directory), seal, options.cache_disk_bytes)};
}

Result<Storage> open_storage(const Options& options, Warnings& warnings) {
  if (!options.cache_key.empty() && options.cache_key.size() < Seal::kMinKeyBytes)
    return Error{ErrorCode::kInvalidArgument, fmt::format("the cache key has {} bytes; at least {} are needed",
                                                          options.cache_key.size(), Seal::kMinKeyBytes)};
  if (!options.cache_dir.empty() && options.cache_disk_bytes > 0) {
    auto storage = open_directory(options);
    if (storage.ok()) return storage;
    warnings.add(fmt::format("the cache directory \"{}\" cannot be used, so handlers are compiled anew after each "
                             "start: {}",
                             options.cache_dir, storage.error().message));
  }
  return Storage{std::make_shared<const Seal>(options.cache_key.empty() ? key_of_this_process() : options.cache_key),
                 nullptr};
}

class EngineImpl final : public Engine {
 public:
  EngineImpl(const Options& options, std::unique_ptr<sandbox::Sandbox> sandbox)
      : options_(options), sandbox_(std::move(sandbox)), warnings_(options.on_warning) {}

  // To be called once, before anything else.
  Result<void> start();

  Result<std::string> precompile(const HandlerSource& source) override;
  Outcome execute(RunRequest request, const StateView& state) override;
  Outcome execute_compiled(std::string_view blob, RunRequest request, const StateView& state) override;
  Outcome resume(std::string_view suspension_id, AsyncResult result, const StateView& state) override;
  Result<std::vector<Suspension>> restore(const SavedRun& saved, HandlerSource source,
                                          std::shared_ptr<const ExtensionMethods> extensions) override;
  bool cancel(std::string_view run_id) override;
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

  Outcome begin(RunRequest request, Compiled compiled, Clock::Steady queued_at, const StateView& state);
  Outcome run_segment(const std::shared_ptr<HandlerRun>& run, const Entry& entry, const StateView& state,
                      InstancePool::Lease& lease);
  Outcome suspend(const std::shared_ptr<HandlerRun>& run, InstancePool::Lease& lease, Outcome outcome);
  Error no_room() const;
  // A run that ended before its segment began.
  Outcome fail(Error error, std::string run_id);
  Outcome fail(RunError error, std::string run_id);
  void record(const HandlerRun& run, const Outcome& outcome);
  std::vector<Denial> audit(HandlerRun::Segment& segment);

  const Options options_;
  const std::unique_ptr<sandbox::Sandbox> sandbox_;
  EngineStats stats_;
  Warnings warnings_;
  RateLimit audit_limit_{20, std::chrono::seconds(1)};
  std::shared_ptr<const Seal> seal_;
  std::unique_ptr<InstancePool> pool_;
  std::unique_ptr<Compiler> compiler_;
  SuspendedRuns suspended_{options_.max_suspended, options_.max_suspended_bytes};
};

Result<void> EngineImpl::start() {
  NX_TRY(Storage storage, open_storage(options_, warnings_));
  seal_ = std::move(storage.seal);
  NX_TRY(pool_, InstancePool::create(*sandbox_, {.min = options_.min_instances,
                                                 .max = options_.max_instances,
                                                 .on_restored = [this](std::chrono::nanoseconds took) {
                                                   stats_.observe(Timing::kReset, took);
                                                 }}));
  if (const auto& failure = pool_->warm_up_failure())
    warnings_.add(fmt::format("fewer than {} sandboxes could be made at the start: {}", options_.min_instances,
                              failure->message));
  compiler_ = std::make_unique<Compiler>(*pool_, options_.cache_memory_bytes, std::move(storage.disk), stats_,
                                         warnings_);
  return {};
}

Result<std::string> EngineImpl::precompile(const HandlerSource& source) {
  const TimeLimit limit{SteadyClock::now() + options_.limits.timeout, options_.limits.timeout};
  auto compiled = compiler_->compile(source, limit);
  if (const auto* const error = std::get_if<RunError>(&compiled))
    return Error{error->code, error->message, error->stack, error->location};
  return seal_->close(Seal::Purpose::kBlob, subject_of(source.start), *std::get<Compiled>(compiled).code);
}

Outcome EngineImpl::execute(RunRequest request, const StateView& state) {
  const auto now = SteadyClock::now();
  const auto queued_at = request.queued_at.value_or(now);
  request.limits = lower_of(request.limits, options_.limits);
  auto compiled = compiler_->compile(request.source, {now + request.limits.timeout, request.limits.timeout});
  if (auto* const error = std::get_if<RunError>(&compiled)) return fail(std::move(*error), random_uuid());
  return begin(std::move(request), std::get<Compiled>(std::move(compiled)), queued_at, state);
}

Outcome EngineImpl::execute_compiled(std::string_view blob, RunRequest request, const StateView& state) {
  const auto queued_at = request.queued_at.value_or(SteadyClock::now());
  request.limits = lower_of(request.limits, options_.limits);
  auto opened = seal_->open(Seal::Purpose::kBlob, blob);
  if (!opened.ok())
    return fail(run_error(ErrorCode::kInvalidHandler, fmt::format("the precompiled handler is refused: {}; compile it again",
                                                                  opened.error().message)),
                random_uuid());
  request.source = {{}, start_of(opened->subject)};
  Compiled compiled{std::make_shared<const std::string>(std::move(opened->code)), true, {}};
  return begin(std::move(request), std::move(compiled), queued_at, state);
}

Outcome EngineImpl::begin(RunRequest request, Compiled compiled, Clock::Steady queued_at, const StateView& state) {
  auto lease = pool_->lease(SteadyClock::now() + request.limits.timeout);
  if (!lease.ok()) return fail(std::move(lease).take_error(), random_uuid());
  stats_.observe(Timing::kQueue, SteadyClock::now() - queued_at - compiled.took);
  const auto run = std::make_shared<HandlerRun>(std::move(request), std::move(compiled.code), Clock::system());
  run->compile_time = compiled.took;
  Outcome outcome = run_segment(run, {Export::kRun, run->seed()}, state, lease.value());
  outcome.metrics.cache_hit = compiled.cache_hit;
  if (!compiled.cache_hit)
    outcome.metrics.compile_us = std::chrono::duration_cast<std::chrono::microseconds>(compiled.took).count();
  return outcome;
}

Outcome EngineImpl::resume(std::string_view suspension_id, AsyncResult result, const StateView& state) {
  const auto queued_at = result.queued_at.value_or(SteadyClock::now());
  const std::shared_ptr<HandlerRun> run = suspended_.take(suspension_id);
  if (run == nullptr) {
    stats_.count_error(ErrorCode::kInvalidSuspension);
    return failed(run_error(ErrorCode::kInvalidSuspension,
                            fmt::format("no run waits for suspension '{}'", suspension_id.substr(0, 64))),
                  {});
  }
  auto lease = pool_->lease(SteadyClock::now() + run->request().limits.timeout);
  if (!lease.ok()) return fail(std::move(lease).take_error(), run->id());
  stats_.observe(Timing::kQueue, SteadyClock::now() - queued_at);
  if (auto loaded = lease.value()->load(run->snapshot, run->request().limits.memory_bytes); !loaded.ok())
    return fail(Error(loaded.error()), run->id());
  run->snapshot = {};
  const std::uint32_t index = *run->index_of(suspension_id);
  run->close(suspension_id);
  const bool success = run->set_answer(result);
  Outcome outcome = run_segment(run, {Export::kResume, {index, success ? 1u : 0u}}, state, lease.value());
  outcome.metrics.cache_hit = true;
  return outcome;
}

Outcome EngineImpl::run_segment(const std::shared_ptr<HandlerRun>& run, const Entry& entry,
                                const StateView& state, InstancePool::Lease& lease) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  const Limits& limits = run->request().limits;
  const auto start = SteadyClock::now();
  run->begin_segment(state);
  const sandbox::Budget budget{.deadline = start + limits.timeout - run->total_time - run->compile_time,
                               .memory_bytes = limits.memory_bytes,
                               .promise_jobs = limits.promise_jobs};
  const Exit exit = lease->call(entry.function, entry.arguments, *run, budget);
  const auto took = SteadyClock::now() - start;
  run->total_time += took;

  HandlerRun::Segment segment = run->end_segment();
  auto denials = audit(segment);
  Outcome outcome = conclude(*run, exit, std::move(segment));
  outcome.denials = std::move(denials);
  outcome.metrics.duration_us = duration_cast<microseconds>(took).count();
  outcome.metrics.total_us = duration_cast<microseconds>(run->total_time).count();
  outcome.metrics.memory_peak_bytes = lease->memory_peak();
  outcome.metrics.memory_used_bytes =
      std::min<std::uint64_t>(lease->counters().heap_bytes, lease->memory().size());
  outcome.metrics.host_calls = run->host_calls_by_name();
  outcome.inputs = run->inputs();
  if (outcome.status == Status::kSuspended) outcome = suspend(run, lease, std::move(outcome));
  record(*run, outcome);
  return outcome;
}

Outcome EngineImpl::suspend(const std::shared_ptr<HandlerRun>& run, InstancePool::Lease& lease,
                            Outcome outcome) {
  run->snapshot = lease->snapshot();
  // Before others can take it up again.
  if (run->request().save_suspended) outcome.saved = run->save();
  if (suspended_.add(run)) return outcome;
  Error full = no_room();
  Outcome refused = failed(run_error(full.code, std::move(full.message)), outcome.run_id);
  refused.metrics = std::move(outcome.metrics);
  refused.logs = std::move(outcome.logs);
  refused.denials = std::move(outcome.denials);
  return refused;
}

Error EngineImpl::no_room() const {
  return {ErrorCode::kResourceLimit,
          fmt::format("too many runs wait for extensions: limit {} runs or {} bytes of them",
                      options_.max_suspended, options_.max_suspended_bytes)};
}

Result<std::vector<Suspension>> EngineImpl::restore(const SavedRun& saved, HandlerSource source,
                                                    std::shared_ptr<const ExtensionMethods> extensions) {
  if (saved.guest_hash != guest_build_hash() || saved.image_hash != sandbox_->image().hash())
    return Error{ErrorCode::kInvalidSuspension,
                 "the suspended run was made by another build of the guest and cannot go on in this one"};
  NX_TRY(const auto run, HandlerRun::restore(saved, std::move(source), std::move(extensions), options_.limits,
                                             Clock::system()));
  if (suspended_.contains(run->id()))
    return Error{ErrorCode::kInvalidSuspension, "the suspended run waits already, in the panel that this one is a copy of"};
  if (!suspended_.add(run)) return no_room();
  return run->open_calls();
}

bool EngineImpl::cancel(std::string_view run_id) {
  const std::shared_ptr<HandlerRun> run = suspended_.take_run(run_id);
  if (run == nullptr) return false;
  stats_.count(Counter::kRunsError);
  stats_.count_error(ErrorCode::kCancelled);
  stats_.count_host_calls(run->host_calls());
  stats_.observe(Timing::kExecution, run->total_time);
  return true;
}

Outcome EngineImpl::fail(RunError error, std::string run_id) {
  stats_.count(Counter::kRunsError);
  stats_.count_error(error.code);
  return failed(std::move(error), std::move(run_id));
}

Outcome EngineImpl::fail(Error error, std::string run_id) {
  return fail(run_error(error.code, std::move(error.message)), std::move(run_id));
}

// Host calls and the running time are those of the whole run: added once, when it has ended.
void EngineImpl::record(const HandlerRun& run, const Outcome& outcome) {
  stats_.count(Counter::kSegments);
  stats_.count(Counter::kSuspensions, outcome.new_suspensions.size());
  stats_.record_memory_peak(outcome.metrics.memory_peak_bytes);
  if (outcome.status == Status::kSuspended) return;
  stats_.count(outcome.status == Status::kSuccess ? Counter::kRunsSuccess : Counter::kRunsError);
  if (outcome.error) stats_.count_error(outcome.error->code);
  stats_.count_host_calls(run.host_calls());
  stats_.observe(Timing::kExecution, run.total_time);
}

// Counts every denial and picks those for the audit log, so that a handler cannot flood it.
std::vector<Denial> EngineImpl::audit(HandlerRun::Segment& segment) {
  std::vector<Denial> reported;
  std::uint64_t unreported = 0;
  for (std::size_t kind = 0; kind < segment.denied.size(); ++kind) {
    stats_.count_denials(static_cast<capability::Kind>(kind), segment.denied[kind]);
    unreported += segment.denied[kind];
  }
  for (Denial& denial : segment.denials) {
    const auto before = audit_limit_.admit(SteadyClock::now());
    if (!before) continue;
    unreported -= denial.times;
    denial.unreported = *before;
    reported.push_back(std::move(denial));
  }
  stats_.count(Counter::kDenialsUnreported, unreported);
  return reported;
}

Stats EngineImpl::stats() const {
  Stats stats = stats_.read();
  const InstancePool::Counts pool = pool_->counts();
  stats.instances_active = pool.active;
  stats.instances_available = pool.available;
  stats.instances_waiting = pool.waiting;
  stats.instances_created = pool.created;
  suspended_.describe(stats);
  compiler_->describe(stats);
  stats.total_memory_bytes = sandbox_->image().size() + pool.memory_bytes + stats.suspended_bytes;
  return stats;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const Options& options) {
  NX_TRY(auto box, sandbox::Sandbox::create({}));
  auto engine = std::make_unique<EngineImpl>(options, std::move(box));
  NX_TRY_VOID(engine->start());
  return std::unique_ptr<Engine>(std::move(engine));
}

std::string_view guest_build_hash() { return sandbox::Sandbox::build_hash(); }

}  // namespace nexus::engine
