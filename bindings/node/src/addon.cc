// The native half of the package: one class, which index.js wraps.
#include <fmt/format.h>
#include <napi.h>

#include "nexus/capability/inference.h"
#include "runtime.h"

namespace nexus::node {
namespace {

class NativeRuntime final : public Napi::ObjectWrap<NativeRuntime> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeRuntime",
                       {
                           InstanceMethod<&NativeRuntime::run>("run"),
                           InstanceMethod<&NativeRuntime::resume>("resume"),
                           InstanceMethod<&NativeRuntime::cancel>("cancel"),
                           InstanceMethod<&NativeRuntime::precompile>("precompile"),
                           InstanceMethod<&NativeRuntime::stats>("stats"),
                           InstanceMethod<&NativeRuntime::metrics>("metrics"),
                           InstanceMethod<&NativeRuntime::shutdown>("shutdown"),
                       });
  }

  // (configuration or undefined, function that gets warnings)
  explicit NativeRuntime(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    // While a call is under way this object must not be collected.
    runtime_ = std::make_unique<Runtime>(info.Env(), read_configuration(info[0]),
                                         info[1].As<Napi::Function>(),
                                         [this](bool busy) { busy ? Ref() : Unref(); });
  }

 private:
  // The second argument of both: whether values are MessagePack in Buffers.
  static Form form(const Napi::CallbackInfo& info) {
    return info[1].ToBoolean() ? Form::kPacked : Form::kText;
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    return runtime_->run(info[0].As<Napi::Object>(), form(info));
  }
  Napi::Value resume(const Napi::CallbackInfo& info) {
    return runtime_->resume(info[0].As<Napi::Object>(), form(info));
  }
  Napi::Value cancel(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), runtime_->cancel(info[0].As<Napi::String>().Utf8Value()));
  }
  Napi::Value precompile(const Napi::CallbackInfo& info) {
    return runtime_->precompile(info[0].As<Napi::String>().Utf8Value());
  }
  Napi::Value shutdown(const Napi::CallbackInfo&) { return runtime_->shutdown(); }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    const engine::Stats stats = runtime_->stats();
    Napi::Object result = Napi::Object::New(info.Env());
    const auto set = [&](const char* name, auto number) {
      result.Set(name, Napi::Number::New(info.Env(), static_cast<double>(number)));
    };
    set("totalExecutions", stats.runs_success + stats.runs_error);
    set("activeInstances", stats.instances_active);
    set("availableInstances", stats.instances_available);
    set("suspendedRuns", stats.runs_suspended);
    set("cacheHitRate", engine::cache_hit_rate(stats));
    set("avgExecutionTimeUs", engine::mean_run_us(stats));
    set("totalMemoryBytes", stats.total_memory_bytes);
    return result;
  }

  Napi::Value metrics(const Napi::CallbackInfo& info) {
    std::string text;
    engine::write_metrics(runtime_->stats(), text);
    return Napi::String::New(info.Env(), text);
  }

  std::unique_ptr<Runtime> runtime_;
};

Napi::Value infer_capabilities(const Napi::CallbackInfo& info) {
  const auto analysis = capability::analyze_handler(info[0].As<Napi::String>().Utf8Value());
  Napi::Array tokens = Napi::Array::New(info.Env(), analysis.needs.size());
  for (std::uint32_t i = 0; i < analysis.needs.size(); ++i)
    tokens.Set(i, capability::to_string(analysis.needs[i].token));
  return tokens;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("NativeRuntime", NativeRuntime::define(env));
  exports.Set("inferCapabilities",
              Napi::Function::New<infer_capabilities>(env, "inferCapabilities"));
  exports.Set("guestBuildHash", std::string(engine::guest_build_hash()));
  return exports;
}

}  // namespace
}  // namespace nexus::node

static Napi::Object initialize_module(Napi::Env env, Napi::Object exports) {
  return nexus::node::initialize(env, exports);
}
NODE_API_MODULE(nexus_runtime, initialize_module)
