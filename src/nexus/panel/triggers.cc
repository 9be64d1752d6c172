#include "nexus/panel/triggers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nexus/panel/cron_time.h"
#include "nexus/panel/messages.h"
#include "nexus/value/json_writer.h"

namespace nexus::panel {
namespace {

using std::chrono::milliseconds;
using Type = nxml::Trigger::Type;

// Timers count steady time; looking again now and then follows a wall clock that was set.
constexpr milliseconds kLongestSleep{std::chrono::minutes{1}};

std::string position_name(std::string_view tool, const nxml::Trigger& trigger) {
  if (trigger.type == Type::kInterval)
    return fmt::format("interval {} {}", tool, trigger.interval_ms);
  return fmt::format("{} {} {} {}", nxml::to_string(trigger.type), tool, trigger.cron,
                     trigger.timezone);
}

std::string step_text(const value::Value& step) {
  return step.is_string() ? step.string() : fmt::format("{}", step.number());
}

// Whether one of two paths leads through the other. The first step of `path` is the key.
bool meet(const std::vector<std::string>& path, const value::List& changed) {
  const std::size_t common = std::min(path.size() - 1, changed.size());
  for (std::size_t i = 0; i < common; ++i)
    if (path[i + 1] != step_text(changed[i])) return false;
  return true;
}

// A key that was replaced as a whole may have changed anywhere.
bool touches(const engine::Mutation& change, const std::vector<std::string>& path) {
  if (change.key != path.front()) return false;
  return change.patch.empty() ||
         std::any_of(change.patch.begin(), change.patch.end(),
                     [&](const auto& operation) { return meet(path, operation.path); });
}

}  // namespace

Triggers::Triggers(const nxml::Document& document, loop::Loop& loop, const Clock& clock,
                   Start start, Report report, Moved moved)
    : loop_(loop),
      clock_(clock),
      start_(std::move(start)),
      report_(std::move(report)),
      moved_(std::move(moved)) {
  for (const auto& tool : document.tools)
    for (const auto& trigger : tool.triggers) {
      triggers_.emplace_back();
      triggers_.back().tool = tool.name;
      triggers_.back().name = position_name(tool.name, trigger);
      triggers_.back().trigger = &trigger;
    }
}

void Triggers::start(const Positions& stored) {
  active_ = true;
  for (State& state : triggers_) {
    if (const auto position = stored.find(state.name); position != stored.end())
      state.next_run = Clock::Wall(milliseconds{position->second});
    if (state.trigger->type == Type::kInterval) arm_interval(state);
    if (state.trigger->type == Type::kCron) arm_cron(state);
  }
}

Triggers::Positions Triggers::positions() const {
  Positions positions;
  for (const State& state : triggers_)
    if (state.next_run) positions.insert_or_assign(state.name, unix_ms(*state.next_run));
  return positions;
}

void Triggers::stop() {
  active_ = false;
  for (State& state : triggers_) {
    state.timer.reset();
    state.waiting.clear();
    state.next_run.reset();
  }
}

// With a position of before, what is left of that interval.
void Triggers::arm_interval(State& state) {
  const milliseconds interval{state.trigger->interval_ms};
  const Clock::Wall now = clock_.wall();
  milliseconds left = interval;
  if (state.next_run)
    left = std::clamp(std::chrono::ceil<milliseconds>(*state.next_run - now), milliseconds{1},
                      interval);
  state.next_run = now + left;
  move(state);
  state.timer = loop_.after(left, [this, &state] {
    state.next_run.reset();
    arm_interval(state);
    fire(state, {});
  });
}

void Triggers::move(const State& state) { moved_(state.name, unix_ms(*state.next_run)); }

// However late the timer comes, it fires once and the next time is counted from then.
void Triggers::arm_cron(State& state) {
  const Clock::Wall now = clock_.wall();
  if (!state.next_run) {
    state.next_run = next_cron_time(state.trigger->schedule, state.trigger->timezone, now);
    if (!state.next_run) return;
    move(state);
  }
  const auto left = std::chrono::ceil<milliseconds>(*state.next_run - now);
  state.timer = loop_.after(std::clamp(left, milliseconds{1}, kLongestSleep), [this, &state] {
    const bool due = clock_.wall() >= *state.next_run;
    if (due) state.next_run.reset();
    arm_cron(state);
    if (due) fire(state, {});
  });
}

void Triggers::on_segment(const std::vector<engine::Mutation>& changes,
                          const std::vector<engine::Event>& events, unsigned chain) {
  if (!active_) return;
  for (State& state : triggers_) {
    const nxml::Trigger& trigger = *state.trigger;
    if (trigger.type == Type::kEvent)
      for (const auto& event : events)
        if (nxml::matches_event(trigger.pattern, event.name))
          fire(state, {event.payload, chain + 1});
    if (trigger.type == Type::kStateChange &&
        std::any_of(changes.begin(), changes.end(),
                    [&](const auto& change) { return touches(change, trigger.path); }))
      fire(state, {{}, chain + 1});
  }
}

void Triggers::fire(State& state, Cause cause) {
  if (!active_) return;
  if (state.running) return wait(state, std::move(cause));
  if (cause.chain > kMaxChain) {
    ++state.skipped;
    return fail(state, {ErrorCode::kResourceLimit,
                        fmt::format("trigger loop: {} runs in a row have caused each other; the "
                                    "next one, of tool \"{}\", was not started",
                                    kMaxChain, state.tool)});
  }
  state.running = true;
  ++state.runs;
  state.last_run = clock_.wall();
  auto started = start_(state.tool, std::move(cause.args), cause.chain,
                        [this, &state](std::optional<Error> error) {
                          finished(state, std::move(error));
                        });
  if (!started.ok()) finished(state, std::move(started).take_error());
}

void Triggers::wait(State& state, Cause cause) {
  switch (state.trigger->type) {
    case Type::kStateChange:
      // One run sees all changes up to its start. The longest chain counts, or a loop would hide.
      if (!state.waiting.empty()) cause.chain = std::max(cause.chain, state.waiting[0].chain);
      state.waiting = {std::move(cause)};
      return;
    case Type::kEvent:
      if (state.waiting.size() < kMaxWaiting) return state.waiting.push_back(std::move(cause));
      ++state.skipped;
      return fail(state, {ErrorCode::kResourceLimit,
                          fmt::format("{} events wait for a run of tool \"{}\" already; one more "
                                      "was dropped",
                                      kMaxWaiting, state.tool)});
    default:
      ++state.skipped;
  }
}

void Triggers::finished(State& state, std::optional<Error> error) {
  state.running = false;
  if (error && error->code != ErrorCode::kCancelled) {
    fail(state, std::move(*error));
  } else {
    state.error.reset();
  }
  if (state.waiting.empty()) return;
  Cause next = std::move(state.waiting.front());
  state.waiting.pop_front();
  fire(state, std::move(next));
}

void Triggers::fail(State& state, Error error) {
  state.error = std::move(error);
  report_(state.tool, *state.error);
}

void Triggers::write_json(std::string& out) const {
  value::write_json_list(triggers_, out, [](const State& state, std::string& to) {
    value::ObjectWriter object(to);
    object.text("tool", state.tool);
    object.text("type", nxml::to_string(state.trigger->type));
    object.number("runs", state.runs);
    object.number("skipped", state.skipped);
    if (state.last_run) object.text("lastRunAt", iso_time(*state.last_run));
    if (state.next_run) object.text("nextRunAt", iso_time(*state.next_run));
    if (state.error) {
      value::ObjectWriter error(object.key("error"));
      error.text("code", to_string(state.error->code));
      error.text("message", state.error->message);
    }
  });
}

}  // namespace nexus::panel
