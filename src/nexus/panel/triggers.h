#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/result.h"
#include "nexus/engine/engine.h"
#include "nexus/loop/loop.h"
#include "nexus/nxml/ast.h"

namespace nexus::panel {

// The Trigger elements of one panel: what runs its tools besides people and programs that ask for
// it (design.md section 4). One trigger has one run at a time. A chain of runs that cause each
// other is cut at kMaxChain. Lives on the panel's loop.
class Triggers {
 public:
  // Runs caused by runs that were caused by ...: the longest chain that is let through.
  static constexpr unsigned kMaxChain = 8;
  // Events that one trigger keeps while a run of it is under way; state changes become one.
  static constexpr std::size_t kMaxWaiting = 16;

  using Done = std::function<void(std::optional<Error>)>;
  // Starts a run at `chain` causes from a person, program or clock. `done` is called once, unless
  // the result is an error.
  using Start = std::function<Result<void>(const std::string& tool, value::Value args,
                                           unsigned chain, Done done)>;
  // Called when a trigger does not do what it should, besides noting it for the info.
  using Report = std::function<void(const std::string& tool, const Error& error)>;

  // Called when an interval or a cron trigger has a new time to fire next.
  using Moved = std::function<void(const std::string& name, std::int64_t due_ms)>;
  // When each of them is to fire next, by its name, in milliseconds since the Unix epoch.
  using Positions = std::map<std::string, std::int64_t, std::less<>>;

  // `document` outlives it.
  Triggers(const nxml::Document& document, loop::Loop& loop, const Clock& clock, Start start,
           Report report, Moved moved);

  // From now on they fire; before, and after stop(), nothing does. `stored`: where they stood when
  // the server ended; those that were due meanwhile fire once (design.md section 4, "Triggers").
  void start(const Positions& stored = {});
  void stop();
  bool active() const { return active_; }

  // After each commit: what a segment changed and emitted, and the chain its run belongs to.
  void on_segment(const std::vector<engine::Mutation>& changes,
                  const std::vector<engine::Event>& events, unsigned chain);

  bool empty() const { return triggers_.empty(); }
  Positions positions() const;
  // Appends the list of PanelInfo's `triggers`.
  void write_json(std::string& out) const;

 private:
  struct Cause {
    value::Value args;
    unsigned chain = 0;
  };
  struct State {
    std::string tool;
    std::string name;  // of its position: what it is, so that it is another once it is edited
    const nxml::Trigger* trigger;
    std::unique_ptr<loop::Timer> timer;
    bool running = false;
    std::deque<Cause> waiting;
    std::uint64_t runs = 0;
    std::uint64_t skipped = 0;
    std::optional<Clock::Wall> last_run;
    std::optional<Clock::Wall> next_run;  // of interval and cron
    std::optional<Error> error;           // of the last run, or why there was none
  };

  void arm_interval(State& state);
  void move(const State& state);
  void arm_cron(State& state);
  void fire(State& state, Cause cause);
  void wait(State& state, Cause cause);
  void finished(State& state, std::optional<Error> error);
  void fail(State& state, Error error);

  loop::Loop& loop_;
  const Clock& clock_;
  const Start start_;
  const Report report_;
  const Moved moved_;
  bool active_ = false;
  std::vector<State> triggers_;  // never resized once made
};

}  // namespace nexus::panel
