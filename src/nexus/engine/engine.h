#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/capability/inference.h"
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

  // Compiled handlers. Those in memory are lost with the process, those in `cache_dir` are not; several
  // processes may share it. A directory that cannot be used is a warning.
  std::size_t cache_memory_bytes = 64u << 20;
  std::string cache_dir = {};  // empty: memory only
  std::uint64_t cache_disk_bytes = 64u << 20;
  // Secret of at least 32 bytes that seals cache files and precompiled handlers. Empty: one that is made
  // at first use and kept in `cache_dir`, readable by this user only; without a directory, one for the
  // life of this process.
  std::string cache_key = {};

  // Accepted and without effect: the guest is always native code, made when Nexus was built.
  bool enable_aot = false;

  // Told what an operator should know, a few lines at most; on any thread.
  std::function<void(std::string_view)> on_warning = {};
};

// Guarded: every method may be called on any thread that holds a sandbox::ThreadScope
// (executor threads do); stats(), cancel() and shutdown() on any thread.
class Engine {
 public:
  // Makes the base image and warms `min_instances`. Error: what makes the sandbox unusable here, or
  // kInvalidArgument for a bad option.
  static Result<std::unique_ptr<Engine>> create(const Options& options);
  virtual ~Engine() = default;

  // Compiles into the cache and gives the handler as an opaque blob that may leave the process. Error
  // kCompilationError with the author's position and a message that names the syntax error.
  virtual Result<std::string> precompile(const HandlerSource& source) = 0;

  // Runs the first segment on this thread, blocking until it ends, suspends or is stopped.
  virtual Outcome execute(RunRequest request, const StateView& state) = 0;

  // As execute(), with what precompile() of the same guest build and key gave; `request.source` is not
  // looked at, and errors have no snippet. Any other blob is an outcome with INVALID_HANDLER.
  virtual Outcome execute_compiled(std::string_view blob, RunRequest request, const StateView& state) = 0;

  // Delivers the answer of one suspended call and runs on until the next suspension or the end. An
  // unknown or used id is an outcome with INVALID_SUSPENSION and no effect.
  virtual Outcome resume(std::string_view suspension_id, AsyncResult result, const StateView& state) = 0;

  // Lets a saved run wait again, under its old ids, and gives the calls it waits for, oldest first. `source`
  // is the text of its handler, for the snippets of errors; it is not looked at when it is another than it
  // was. Error kInvalidSuspension: another guest build, damaged, or it waits already; kResourceLimit: no room.
  virtual Result<std::vector<Suspension>> restore(const SavedRun& saved, HandlerSource source,
                                                  std::shared_ptr<const ExtensionMethods> extensions) = 0;

  // Forgets a suspended run; its open calls become unknown. False when there is none.
  virtual bool cancel(std::string_view run_id) = 0;

  // See also write_metrics().
  virtual Stats stats() const = 0;

  // Ends every suspended run; later calls answer CANCELLED. Returns at once; a segment under way on
  // another thread is stopped and answers CANCELLED too.
  virtual void shutdown() = 0;
};

// What a handler needs to be allowed, read from its text; see capability::analyze_handler(). Any thread.
inline capability::HandlerAnalysis infer_capabilities(const HandlerSource& source) {
  return capability::analyze_handler(source.text);
}

// SHA-256 of the guest build in hexadecimal: bytecode and snapshots are good for this build only.
std::string_view guest_build_hash();

}  // namespace nexus::engine
