#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "configuration.h"
#include "job.h"
#include "nexus/loop/loop.h"

namespace nexus::node {

// What stands behind one NexusRuntime: the engine, the threads that enter it, and the way back to
// JavaScript. Lives in one environment (the main thread or a worker); public methods are for its
// thread. Ends its runs when it is destroyed or the environment ends, whichever comes first.
class Runtime {
 public:
  // `on_warning` is a function that gets one text. `on_busy` is told true when the first call comes
  // under way, and false when the last has been answered. Throws when the sandbox cannot be used
  // here.
  Runtime(Napi::Env env, Configuration configuration, Napi::Function on_warning,
          std::function<void(bool)> on_busy);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Each is answered later. Errors of the arguments reject too.
  Napi::Promise run(const Napi::Object& call, Form form);
  Napi::Promise resume(const Napi::Object& call, Form form);
  Napi::Promise precompile(std::string code);

  // Forgets a suspended run; false when there is none of that id, or when it is going on at this
  // moment.
  bool cancel(const std::string& run_id);

  // Stops what runs, forgets what is suspended, and rejects what is under way and all later calls.
  // Resolved when nothing is left.
  Napi::Promise shutdown();

  engine::Stats stats() const { return engine_->stats(); }

 private:
  struct Call;
  // Back on the JavaScript thread: the end of a call, or a warning.
  struct Delivery;
  static void deliver(Napi::Env env, Napi::Function on_warning, Runtime* runtime,
                      Delivery* delivery);
  using Deliveries = Napi::TypedThreadSafeFunction<Runtime, Delivery, &Runtime::deliver>;

  template <typename Request>
  Napi::Promise begin(Result<Request> request, Form form);
  Answer work(RunCall& call, Form form);
  Answer work(ResumeCall& call, Form form);
  Answer work(PrecompileCall& call, Form form);
  Answer conclude(engine::Outcome outcome, const std::shared_ptr<RunState>& state, Form form);
  void settle(Napi::Env env, Delivery& delivery);
  static void environment_ends(void* runtime) { static_cast<Runtime*>(runtime)->end(); }
  void end();

  const Napi::Env env_;
  const Configuration configuration_;
  const std::function<void(bool)> on_busy_;
  Deliveries deliveries_;
  std::unique_ptr<engine::Engine> engine_;

  std::mutex mutex_;
  struct Waiting {
    std::string run_id;
    std::shared_ptr<RunState> state;
  };
  // The runs that wait, by the ids of their open suspensions. Guarded by mutex_.
  std::map<std::string, Waiting, std::less<>> waiting_;

  std::size_t under_way_ = 0;
  bool shut_down_ = false;
  bool ended_ = false;
  std::vector<Napi::Promise::Deferred> on_shut_down_;

  std::unique_ptr<loop::ThreadPool> threads_;  // last: its threads use everything above
};

}  // namespace nexus::node
