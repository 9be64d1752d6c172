#include "runtime.h"

#include <utility>

#include "nexus/sandbox/entry.h"

namespace nexus::node {
namespace {

constexpr std::size_t kMaxWaiting = 100'000;

Napi::Error to_js(Napi::Env env, const Error& error) {
  Napi::Error result = Napi::Error::New(env, error.message);
  result.Set("code", Napi::String::New(env, std::string(to_string(error.code))));
  return result;
}

Error shut_down_error() { return {ErrorCode::kCancelled, "Runtime has been shut down"}; }

Napi::Buffer<char> to_buffer(Napi::Env env, const std::string& bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

Napi::Value to_js(Napi::Env env, const Answer& answer) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("text", Napi::String::New(env, answer.text));
  for (const auto& [name, bytes] : answer.buffers) result.Set(name, to_buffer(env, bytes));
  if (answer.suspension_args.empty()) return result;
  Napi::Array args = Napi::Array::New(env, answer.suspension_args.size());
  for (std::uint32_t i = 0; i < answer.suspension_args.size(); ++i)
    args.Set(i, to_buffer(env, answer.suspension_args[i]));
  result.Set("suspensionArgs", args);
  return result;
}

}  // namespace

struct Runtime::Delivery {
  std::optional<Napi::Promise::Deferred> deferred;  // not set: `warning` is meant
  Answer answer;
  std::string warning;
};

Runtime::Runtime(Napi::Env env, Configuration configuration, Napi::Function on_warning,
                 std::function<void(bool)> on_busy)
    : env_(env), configuration_(std::move(configuration)), on_busy_(std::move(on_busy)) {
  deliveries_ = Deliveries::New(env, on_warning, "NexusRuntime", 0, 1, this);
  deliveries_.Unref(env);
  engine::Options options = configuration_.engine;
  options.on_warning = [this](std::string_view text) {
    auto* const delivery = new Delivery{{}, {}, std::string(text)};
    if (deliveries_.BlockingCall(delivery) != napi_ok) delete delivery;
  };
  // The engine wants a thread that may enter the sandbox for its base image too.
  auto engine = [&] {
    const sandbox::ThreadScope scope;
    return engine::Engine::create(options);
  }();
  if (!engine.ok()) {
    deliveries_.Release();
    throw to_js(env, engine.error());
  }
  engine_ = std::move(engine).take();
  threads_ = loop::ThreadPool::create(options.max_instances, kMaxWaiting,
                                      [] { return std::make_shared<sandbox::ThreadScope>(); });
  // Hooks run in reverse order of their addition: this one before the end of deliveries_.
  napi_add_env_cleanup_hook(env, &Runtime::environment_ends, this);
}

Runtime::~Runtime() {
  if (ended_) return;
  napi_remove_env_cleanup_hook(env_, &Runtime::environment_ends, this);
  end();
}

void Runtime::end() {
  ended_ = true;
  engine_->shutdown();
  threads_.reset();
  deliveries_.Release();
}

Napi::Promise Runtime::run(const Napi::Object& call, Form form) {
  return begin(read_run(call, form, configuration_.engine.limits), form);
}

Napi::Promise Runtime::resume(const Napi::Object& call, Form form) {
  return begin(read_resume(call, form), form);
}

Napi::Promise Runtime::precompile(std::string code) {
  return begin(Result<PrecompileCall>(PrecompileCall{std::move(code)}), Form::kPacked);
}

template <typename Request>
Napi::Promise Runtime::begin(Result<Request> request, Form form) {
  auto deferred = Napi::Promise::Deferred::New(env_);
  if (shut_down_) {
    deferred.Reject(to_js(env_, shut_down_error()).Value());
    return deferred.Promise();
  }
  if (!request.ok()) {
    deferred.Reject(to_js(env_, request.error()).Value());
    return deferred.Promise();
  }
  // std::function wants what it holds to be copyable.
  auto shared = std::make_shared<Request>(std::move(request).take());
  const bool accepted = threads_->submit([this, shared, form, deferred] {
    auto* const delivery = new Delivery{deferred, work(*shared, form), {}};
    if (deliveries_.BlockingCall(delivery) != napi_ok) delete delivery;
  });
  if (!accepted) {
    const Error busy{ErrorCode::kResourceLimit,
                     "100000 calls wait for a thread already; try again later"};
    deferred.Reject(to_js(env_, busy).Value());
    return deferred.Promise();
  }
  if (under_way_++ == 0) {
    deliveries_.Ref(env_);
    on_busy_(true);
  }
  return deferred.Promise();
}

Answer Runtime::work(RunCall& call, Form form) {
  const std::lock_guard turn(call.state->turn());
  engine::Outcome outcome =
      call.blob ? engine_->execute_compiled(*call.blob, std::move(call.request), *call.state)
                : engine_->execute(std::move(call.request), *call.state);
  return conclude(std::move(outcome), call.state, form);
}

Answer Runtime::work(ResumeCall& call, Form form) {
  std::shared_ptr<RunState> state;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(call.suspension_id);
    if (found != waiting_.end()) {
      state = std::move(found->second.state);
      waiting_.erase(found);
    }
  }
  // The engine says what is wrong with an id that nobody waits for.
  if (state == nullptr) state = std::make_shared<RunState>(value::Object{});
  const std::lock_guard turn(state->turn());
  if (call.state) state->replace(*std::move(call.state));
  return conclude(engine_->resume(call.suspension_id, std::move(call.result), *state), state, form);
}

Answer Runtime::work(PrecompileCall& call, Form) {
  Answer answer;
  auto blob = engine_->precompile({std::move(call.code), {}});
  if (blob.ok())
    answer.buffers.emplace_back("blob", std::move(blob).take());
  else
    answer.error = std::move(blob).take_error();
  return answer;
}

Answer Runtime::conclude(engine::Outcome outcome, const std::shared_ptr<RunState>& state,
                         Form form) {
  state->apply(outcome.mutations);
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : outcome.closed_suspensions) waiting_.erase(id);
    for (const engine::Suspension& each : outcome.new_suspensions)
      waiting_.emplace(each.id, Waiting{outcome.run_id, state});
  }
  if (outcome.error && outcome.error->code == ErrorCode::kCancelled) {
    Answer answer;
    answer.error = shut_down_error();
    return answer;
  }
  return answer_of(outcome, form, configuration_.debug);
}

bool Runtime::cancel(const std::string& run_id) {
  if (!engine_->cancel(run_id)) return false;
  const std::lock_guard lock(mutex_);
  std::erase_if(waiting_, [&](const auto& entry) { return entry.second.run_id == run_id; });
  return true;
}

void Runtime::deliver(Napi::Env env, Napi::Function on_warning, Runtime* runtime,
                      Delivery* delivery) {
  const std::unique_ptr<Delivery> owned(delivery);
  if (env == nullptr) return;  // the environment ends, and its promises with it
  const Napi::HandleScope scope(env);
  if (delivery->deferred) return runtime->settle(env, *delivery);
  on_warning.Call({Napi::String::New(env, delivery->warning)});
}

void Runtime::settle(Napi::Env env, Delivery& delivery) {
  if (shut_down_)
    delivery.deferred->Reject(to_js(env, shut_down_error()).Value());
  else if (delivery.answer.error)
    delivery.deferred->Reject(to_js(env, *delivery.answer.error).Value());
  else
    delivery.deferred->Resolve(to_js(env, delivery.answer));
  if (--under_way_ > 0) return;
  deliveries_.Unref(env);
  for (Napi::Promise::Deferred& done : std::exchange(on_shut_down_, {}))
    done.Resolve(env.Undefined());
  // Last: nobody may hold this object any more.
  on_busy_(false);
}

Napi::Promise Runtime::shutdown() {
  auto deferred = Napi::Promise::Deferred::New(env_);
  if (!std::exchange(shut_down_, true)) engine_->shutdown();
  if (under_way_ == 0)
    deferred.Resolve(env_.Undefined());
  else
    on_shut_down_.push_back(deferred);
  return deferred.Promise();
}

}  // namespace nexus::node
