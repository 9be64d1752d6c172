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

// Who is calling, and on what terms.
struct CallContext {
  std::string panel_id;
  std::string run_id;
  // The suspension's id, which stays the same when the call is made again after a restart.
  std::string call_id = {};
  // When the handler asked: a call that is made again keeps its time. Not set: now.
  std::optional<Clock::Wall> asked_at = {};
  std::string workspace = {};  // that owns the panel
  // What the panel's declaration of this extension sets, as check_settings() accepted it; nullptr is
  // nothing.
  std::shared_ptr<const value::Object> settings = {};
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

// How a call reports to its panel. On the loop's thread, and never from inside call(); nothing
// happens when the run or the panel is gone.
struct Reports {
  // Required. Once: a call that has answered is over.
  Done done;
  // Tells the client that triggered the run how far the call is; docs/PROTOCOL.md, "PROGRESS". Any
  // object that is small. At most a few times a second.
  std::function<void(value::Value)> progress = [](value::Value) {};
  // Tells every client of the panel, as an EVENT. The name starts with "system:".
  std::function<void(std::string_view name, value::Value payload)> announce =
      [](std::string_view, value::Value) {};
};

// A call under way. Destroying it cancels the call: `Reports::done` is then never invoked. Destroyed
// before its Extension, never from inside its own `done`. Loop thread only.
class Call {
 public:
  virtual ~Call() = default;
};

// One host service, for example "nexus.http"; docs/EXTENSIONS.md shows how to write one. Owned by the
// Registry; lives on one loop and is called on that loop's thread only, except where a method says
// otherwise.
class Extension {
 public:
  virtual ~Extension() = default;
  // The full name, for example "nexus.http". A panel's alias is resolved to it before every check.
  // It and the methods never change. Any thread.
  virtual std::string_view name() const = 0;
  virtual const std::vector<std::string>& methods() const = 0;
  // Judges what a panel that declares the extension sets; the keys are those of docs/NXML.md,
  // "Extension". Error kInvalidArgument names the setting. Any thread.
  virtual Result<void> check_settings(const value::Object& settings) const;
  // What call() with these arguments would be. It is stored before the call is made. Any thread.
  virtual CallPlan plan(std::string_view method, const value::List& args) const = 0;
  // Starts one call and returns at once. `reports.done` runs exactly once, later, on the loop's
  // thread, unless the returned Call is destroyed first. Bad arguments are answered through it too.
  virtual std::unique_ptr<Call> call(const CallContext& context, std::string_view method,
                                     value::List args, Reports reports) = 0;
  // A panel was destroyed: what was kept for it goes, so that a new panel of the same id meets
  // nothing of it.
  virtual void forget_panel(std::string_view) {}
};

}  // namespace nexus::extension
