#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/value/value.h"

// Host services that handlers reach as `$ext.<alias>.<method>(...)`: asynchronous, cancellable,
// bounded.
namespace nexus::extension {

// Who is calling; for logs, quotas and per-panel settings.
struct CallContext {
  std::string panel_id;
  std::string run_id;
  // The suspension's id, which stays the same when the call is made again after a restart.
  std::string call_id = {};
  // When the handler asked: a call that is made again keeps its time. Not set: now.
  std::optional<Clock::Wall> asked_at = {};
};

// What is known of a call before it is made.
struct CallPlan {
  // Whether it may be made again when the server ended before its answer was stored. Of any other,
  // the handler gets the error INTERRUPTED.
  bool repeatable = false;
  // How long it may take by its own terms, as a sleep does; the suspension deadline of the panel
  // starts only after that. kNoLimit: it waits for as long as it takes.
  std::chrono::milliseconds allowance{0};
  static constexpr std::chrono::milliseconds kNoLimit = std::chrono::milliseconds::max();
};

// The answer of a call: a value, or an Error whose message the handler sees.
using Done = std::function<void(Result<value::Value>)>;

// A call under way. Destroying it cancels the call: `Done` is then never invoked. Destroyed before
// its Extension, never from inside its own `Done`. Loop thread only.
class Call {
 public:
  virtual ~Call() = default;
};

// One host service, for example "nexus.http". Owned by the Registry; lives on one loop and is
// called on that loop's thread only.
class Extension {
 public:
  virtual ~Extension() = default;
  // The full name, for example "nexus.http". A panel's alias is resolved to it before every check.
  // It and the methods never change: any thread may ask for them.
  virtual std::string_view name() const = 0;
  virtual const std::vector<std::string>& methods() const = 0;
  // What call() with these arguments would be. It is stored before the call is made.
  virtual CallPlan plan(std::string_view method, const value::List& args) const = 0;
  // Starts one call and returns at once. `done` runs exactly once, later, on the loop's thread,
  // unless the returned Call is destroyed first. Bad arguments are answered through `done` too.
  virtual std::unique_ptr<Call> call(const CallContext& context, std::string_view method,
                                     value::List args, Done done) = 0;
};

}  // namespace nexus::extension
