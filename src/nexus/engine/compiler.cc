#include "nexus/engine/compiler.h"

#include <fmt/format.h>

#include "nexus/base/sha256.h"
#include "nexus/engine/script_error.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using sandbox::GuestMemory;
using sandbox::HostFunction;
using sandbox::HostReply;

constexpr std::size_t kCompileMemoryBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 20;

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
        if (a[2] > Seal::kMaxCodeBytes) return {NX_RESOURCE_LIMIT, sandbox::StopReason::kHost};
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

// Keys must not be confused across builds: bytecode of another one would be executed as if it were ours
// (reference.md section 5.4).
std::string cache_key(const std::string& source) {
  std::string text = source;
  text += ':';
  text += kCacheVersion;
  text += sandbox::Sandbox::build_hash();
  return sha256_hex(text);
}

RunError too_slow(const TimeLimit& limit) {
  return run_error(ErrorCode::kTimeout,
                   fmt::format("compiling the handler took longer than its limit of {} ms", limit.limit.count()));
}

}  // namespace

std::variant<Compiled, RunError> Compiler::compile(const HandlerSource& source, const TimeLimit& limit) {
  if (source.text.size() > kMaxSourceBytes)
    return run_error(ErrorCode::kCompilationError,
                     fmt::format("the handler has {} bytes, limit {}", source.text.size(), kMaxSourceBytes));
  const std::string key = cache_key(source.text);
  if (Code code = memory_.find(key)) {
    stats_.count(Counter::kMemoryHits);
    return Compiled{std::move(code), true, {}};
  }
  const auto start = std::chrono::steady_clock::now();
  bool cache_hit = false;
  Made made = find_or_make(key, source.text, limit, cache_hit);
  if (auto* error = std::get_if<RunError>(&made)) return std::move(*error);
  if (auto* report = std::get_if<Report>(&made)) {
    RunError error = describe_exception(report->bytes, source);
    error.code = ErrorCode::kCompilationError;
    return error;
  }
  return Compiled{std::get<Code>(std::move(made)), cache_hit, std::chrono::steady_clock::now() - start};
}

Compiler::Made Compiler::find_or_make(const std::string& key, const std::string& text, const TimeLimit& limit,
                                      bool& cache_hit) {
  std::unique_lock lock(mutex_);
  for (;;) {
    std::shared_ptr<Flight>& entry = flights_[key];
    const bool first = entry == nullptr;
    if (first) entry = std::make_shared<Flight>();
    const std::shared_ptr<Flight> flight = entry;
    if (first) {
      lock.unlock();
      return lead(key, *flight, text, limit, cache_hit);
    }
    if (!landed_.wait_until(lock, limit.deadline, [&flight] { return flight->landed; })) return too_slow(limit);
    // What ended the other's attempt (its time, its memory, a shutdown) says nothing of ours.
    if (!std::holds_alternative<RunError>(flight->made)) {
      cache_hit = true;
      stats_.count(Counter::kMemoryHits);
      return flight->made;
    }
  }
}

Compiler::Made Compiler::lead(const std::string& key, Flight& flight, const std::string& text,
                              const TimeLimit& limit, bool& cache_hit) {
  // Lands whatever happens: the others must not wait for nobody.
  const auto land = [&](void*) {
    const std::lock_guard lock(mutex_);
    flight.landed = true;
    flights_.erase(key);
    landed_.notify_all();
  };
  const std::unique_ptr<void, decltype(land)> landing(&flight, land);
  Made made = look_on_disk_or_make(key, text, limit, cache_hit);
  const std::lock_guard lock(mutex_);
  flight.made = made;
  return made;
}

Compiler::Made Compiler::look_on_disk_or_make(const std::string& key, const std::string& text,
                                              const TimeLimit& limit, bool& cache_hit) {
  cache_hit = true;
  // Another flight may have landed since the caller looked.
  if (Code code = memory_.find(key)) {
    stats_.count(Counter::kMemoryHits);
    return code;
  }
  if (Code code = look_on_disk(key)) {
    stats_.count(Counter::kDiskHits);
    memory_.insert(key, code);
    return code;
  }
  cache_hit = false;
  stats_.count(Counter::kCacheMisses);
  const auto start = std::chrono::steady_clock::now();
  Made made = make(text, limit);
  if (const auto* const code = std::get_if<Code>(&made)) {
    stats_.observe(Timing::kCompile, std::chrono::steady_clock::now() - start);
    if (disk_ != nullptr)
      if (const auto saved = disk_->insert(key, **code); !saved.ok())
        warnings_.add("a compiled handler is not kept on disk: " + saved.error().message);
    memory_.insert(key, *code);
  }
  return made;
}

Code Compiler::look_on_disk(const std::string& key) {
  if (disk_ == nullptr) return nullptr;
  auto found = disk_->find(key);
  if (found.ok()) return std::make_shared<const std::string>(std::move(found).take());
  if (found.error().code != ErrorCode::kNotFound) {
    stats_.count(Counter::kRejectedFiles);
    warnings_.add(fmt::format("the cache file {} is not used and was removed: {}", key, found.error().message));
  }
  return nullptr;
}

Compiler::Made Compiler::make(const std::string& text, const TimeLimit& limit) {
  auto lease = pool_.lease(limit.deadline);
  if (!lease.ok()) return run_error(lease.error().code, lease.error().message);
  CompileHost host(text);
  const sandbox::Budget budget{limit.deadline, kCompileMemoryBytes};
  const sandbox::Exit exit = lease.value()->call(sandbox::Export::kCompile, {}, host, budget);
  if (exit.stop == sandbox::StopReason::kTimeout) return too_slow(limit);
  if (exit.stop == sandbox::StopReason::kCancelled)
    return run_error(ErrorCode::kCancelled, "the engine is shutting down");
  if (exit.stop != sandbox::StopReason::kNone)
    return run_error(ErrorCode::kCompilationError,
                     fmt::format("the handler cannot be compiled within the limits: {}", to_string(exit.stop)));
  if (exit.value != NX_RUN_DONE || host.code.empty()) return Report{std::move(host.error)};
  return std::make_shared<const std::string>(std::move(host.code));
}

void Compiler::describe(Stats& stats) const {
  stats.cache_memory_bytes = memory_.bytes();
  if (disk_ != nullptr) stats.cache_disk_bytes = disk_->bytes();
}

}  // namespace nexus::engine
