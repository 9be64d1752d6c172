#include "stage.h"

#include <span>

#include "nexus/engine/script_error.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"
#include "nexus_abi.h"

namespace nexus::adversarial {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using engine::Outcome;
using engine::RunError;
using sandbox::Exit;
using sandbox::Export;
using sandbox::StopReason;

// More than any run may ask: the limit on host calls comes first.
constexpr int kMaxAnswers = 2000;
constexpr std::size_t kMemoryBytes = 32u << 20;

Ending ended_with(const RunError& error) { return {std::string(to_string(error.code)), error.message}; }

Ending ended_with(ErrorCode code, std::string message) { return {std::string(to_string(code)), std::move(message)}; }

// The size of the state is the store's to judge, as it is in a panel: a change inside a key does not cost
// the engine a look at the whole. Anything else it refuses is what the engine should have.
Ending refused(const Error& error) {
  const bool size = error.message.find("the state would take") != std::string::npos;
  return size ? ended_with(error.code, error.message) : Ending{"REFUSED", error.message};
}

Ending ending_of(const Outcome& outcome) {
  if (outcome.status == engine::Status::kSuspended) return {"SUSPENDED", {}};
  if (outcome.status == engine::Status::kError) return ended_with(*outcome.error);
  return {"ok " + (outcome.has_return_value ? value::to_json(outcome.return_value) : "undefined"), {}};
}

Ending stopped_by(const Exit& exit) {
  switch (exit.stop) {
    case StopReason::kTimeout:
      return ended_with(ErrorCode::kTimeout, "");
    case StopReason::kMemoryLimit:
      return ended_with(ErrorCode::kMemoryLimit, "");
    case StopReason::kStackOverflow:
      return ended_with(ErrorCode::kExecutionError, "stack overflow");
    default:
      return ended_with(ErrorCode::kWasmError, std::string(exit.trap_text));
  }
}

Ending returned(const std::optional<std::string>& bytes) {
  if (!bytes) return {"ok undefined", {}};
  const auto value = value::decode_msgpack(std::as_bytes(std::span(bytes->data(), bytes->size())));
  if (!value.ok()) return ended_with(value.error().code, value.error().message);
  return {"ok " + value::to_json(value.value()), {}};
}

// Serves the compiler its source and takes what it makes of it.
class CompileHost final : public sandbox::HostCalls {
 public:
  explicit CompileHost(const std::string& source) : source_(source) {}

  sandbox::HostReply call(sandbox::HostFunction function, const std::uint32_t* a,
                          sandbox::GuestMemory& memory) override {
    if (function == sandbox::HostFunction::kInput) {
      if (a[2] >= source_.size()) memory.write(a[1], source_);
      return {static_cast<std::int32_t>(source_.size())};
    }
    if (function == sandbox::HostFunction::kOutput && a[0] == NX_OUT_CODE)
      code = memory.read({a[1], a[2]}).value_or("");
    return {};
  }
  std::uint64_t wall_clock_ns() override { return 0; }

  std::string code;

 private:
  const std::string& source_;
};

}  // namespace

Ending play(engine::Engine& engine, std::string source, milliseconds timeout, TenantState& state,
            std::vector<Outcome>& seen, const capability::GrantSet& grants) {
  engine::RunRequest request = request_of(std::move(source));
  request.capabilities = grants;
  request.limits.timeout = timeout;
  seen.push_back(engine.execute(std::move(request), state));
  for (int answers = 0; answers < kMaxAnswers; ++answers) {
    if (auto applied = state.apply(seen.back().mutations); !applied.ok()) return refused(applied.error());
    const auto* const call = next_answerable(seen.back().suspensions);
    if (call == nullptr) break;
    const engine::AsyncResult answer = answer_to(*call, state);
    const std::string id = call->id;
    seen.push_back(engine.resume(id, answer, state));
  }
  if (seen.back().status == engine::Status::kSuspended) engine.cancel(seen.back().run_id);
  return ending_of(seen.back());
}

Result<std::unique_ptr<SandboxStage>> SandboxStage::create(const sandbox::Sandbox::Options& options) {
  NX_TRY(auto box, sandbox::Sandbox::create(options));
  NX_TRY(auto instance, box->new_instance());
  return std::unique_ptr<SandboxStage>(new SandboxStage(std::move(box), std::move(instance)));
}

std::string SandboxStage::compile(const std::string& source) {
  CompileHost host(source);
  const sandbox::Budget budget{steady_clock::now() + std::chrono::seconds(30), std::size_t{64} << 20};
  instance_->call(Export::kCompile, {}, host, budget);
  restore();
  return host.code;
}

Ending SandboxStage::play(std::string source, milliseconds timeout, TenantState& state, Waiting waiting,
                          const Note& note) {
  std::string code = compile(source);
  if (code.empty()) return ended_with(ErrorCode::kCompilationError, "");
  engine::RunRequest request = request_of(std::move(source));
  request.limits.timeout = timeout;
  engine::HandlerRun run(std::move(request), std::make_shared<const std::string>(std::move(code)), Clock::system());
  Ending ending = segment(run, Export::kRun, {1, 2, 3, 4}, state, note);
  for (int answers = 0; answers < kMaxAnswers && ending.text == "SUSPENDED"; ++answers) {
    const std::vector<engine::Suspension> open = run.open_calls();
    const auto* const call = next_answerable(open);
    if (call == nullptr) break;
    if (waiting == Waiting::kSnapshot)
      if (auto loaded = instance_->load(instance_->snapshot(), kMemoryBytes); !loaded.ok())
        return ended_with(loaded.error().code, loaded.error().message);
    const engine::AsyncResult answer = answer_to(*call, state);
    const std::uint32_t index = *run.index_of(call->id);
    run.close(call->id);
    run.set_answer(answer);
    ending = segment(run, Export::kResume, {index, answer.success ? 1u : 0u}, state, note);
  }
  return ending;
}

Ending SandboxStage::segment(engine::HandlerRun& run, Export entry, std::array<std::uint32_t, 4> arguments,
                             TenantState& state, const Note& note) {
  const auto start = steady_clock::now();
  run.begin_segment(state);
  const auto left = run.request().limits.timeout - run.total_time;
  const Exit exit = instance_->call(entry, arguments, run, {start + left, kMemoryBytes});
  run.total_time += steady_clock::now() - start;
  engine::HandlerRun::Segment done = run.end_segment();
  if (note) note(done);
  if (done.limit_error) return ended_with(*done.limit_error);
  if (exit.stop != StopReason::kNone) return stopped_by(exit);
  if (exit.value == NX_RUN_THREW)
    return ended_with(engine::describe_exception(done.error_report, run.request().source));
  if (!done.mutations.ok()) return ended_with(done.mutations.error().code, done.mutations.error().message);
  if (auto applied = state.apply(*done.mutations); !applied.ok()) return refused(applied.error());
  if (exit.value == NX_RUN_DONE) return returned(done.return_bytes);
  if (run.open_calls().empty()) return ended_with(ErrorCode::kExecutionError, "waits for nothing");
  return {"SUSPENDED", {}};
}

void SandboxStage::restore() { NX_CHECK(instance_->restore()); }

std::string SandboxStage::difference_to_image() const { return instance_->difference_to_pristine(); }

}  // namespace nexus::adversarial
