#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/engine/outcome.h"
#include "nexus/engine/request.h"
#include "nexus/engine/stats.h"

// The execution engine: compile a handler, run it in the sandbox from pristine memory, collect what it
// did, suspend it at extension calls and resume it. It knows nothing of panels, sockets or storage.
namespace nexus::engine {

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
  // another thread is stopped and answers CANCELLED too.
  virtual void shutdown() = 0;
};

// SHA-256 of the guest build in hexadecimal: bytecode and snapshots are good for this build only.
std::string_view guest_build_hash();

}  // namespace nexus::engine
