#include "nexus/engine/compiler.h"

#include <chrono>
#include <map>

#include "nexus/base/sha256.h"
#include "nexus/engine/script_error.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using sandbox::GuestMemory;
using sandbox::HostFunction;
using sandbox::HostReply;

constexpr std::chrono::seconds kCompileTime{5};
constexpr std::size_t kCompileMemoryBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxCodeBytes = std::size_t{16} << 20;

// Gives the guest the source and takes the code or the error.
class CompileHost final : public sandbox::HostCalls {
 public:
  explicit CompileHost(const std::string& source) : source_(source) {}

  HostReply call(HostFunction function, const std::uint32_t* a, GuestMemory& memory) override {
    switch (function) {
      case HostFunction::kInput:
        if (a[0] == NX_SLOT_SOURCE && a[2] >= source_.size()) memory.write(a[1], source_);
        return {a[0] == NX_SLOT_SOURCE ? static_cast<std::int32_t>(source_.size()) : 0};
      case HostFunction::kOutput:
        if (a[2] > kMaxCodeBytes) return {NX_RESOURCE_LIMIT, sandbox::StopReason::kHost};
        (a[0] == NX_OUT_CODE ? code : error) = memory.read({a[1], a[2]}).value_or("");
        return {};
      default:
        return {NX_PERMISSION_DENIED, sandbox::StopReason::kHost};
    }
  }
  std::uint64_t wall_clock_ns() override { return 0; }

  std::string code;
  std::string error;

 private:
  const std::string& source_;
};

RunError failure(ErrorCode code, std::string message) {
  RunError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

// Keys must not be confused across builds: bytecode of another one would be executed as if it were ours.
std::string cache_key(const HandlerSource& source) {
  std::string text = source.text;
  text += ":v1:";
  text += sandbox::Sandbox::build_hash();
  return sha256_hex(text);
}

}  // namespace

std::variant<Compiled, RunError> Compiler::compile(const HandlerSource& source) {
  if (source.text.size() > kMaxSourceBytes)
    return failure(ErrorCode::kCompilationError, "the handler has " + std::to_string(source.text.size()) +
                                                     " bytes, limit " + std::to_string(kMaxSourceBytes));
  const std::string key = cache_key(source);
  if (Code code = cache_.find(key)) return Compiled{std::move(code), true, 0};
  const auto start = std::chrono::steady_clock::now();
  auto made = compile_in_sandbox(source);
  if (auto* error = std::get_if<RunError>(&made)) return std::move(*error);
  Code& code = std::get<Code>(made);
  cache_.insert(key, code);
  const auto took = std::chrono::steady_clock::now() - start;
  return Compiled{std::move(code), false,
                  std::chrono::duration_cast<std::chrono::microseconds>(took).count()};
}

std::variant<Code, RunError> Compiler::compile_in_sandbox(const HandlerSource& source) {
  auto lease = pool_.lease(std::chrono::steady_clock::now() + kCompileTime);
  if (!lease.ok()) return failure(lease.error().code, lease.error().message);
  CompileHost host(source.text);
  const sandbox::Budget budget{std::chrono::steady_clock::now() + kCompileTime, kCompileMemoryBytes};
  const sandbox::Exit exit = lease.value()->call(sandbox::Export::kCompile, {}, host, budget);
  if (exit.stop != sandbox::StopReason::kNone) {
    if (exit.stop == sandbox::StopReason::kCancelled)
      return failure(ErrorCode::kCancelled, "the engine is shutting down");
    return failure(ErrorCode::kCompilationError,
                   "the handler cannot be compiled within the limits: " + std::string(to_string(exit.stop)));
  }
  if (exit.value != NX_RUN_DONE || host.code.empty()) {
    RunError error = describe_exception(host.error, source);
    error.code = ErrorCode::kCompilationError;
    return error;
  }
  return std::make_shared<const std::string>(std::move(host.code));
}

}  // namespace nexus::engine
