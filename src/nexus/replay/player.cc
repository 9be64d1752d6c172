#include "nexus/replay/player.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::replay {
namespace {

using value::Value;

constexpr int kMoreTime = 10;
constexpr std::size_t kMaxShown = 500;

using Tell = std::function<void(const std::string&)>;

std::string shown(const Value& value) {
  std::string text = value::to_json(value);
  if (text.size() <= kMaxShown) return text;
  return fmt::format("{}... ({} bytes)", text.substr(0, kMaxShown), text.size());
}

// Answers what the recorded segment asked, and notes the first thing it did not ask.
class RecordedView : public engine::StateView {
 public:
  explicit RecordedView(const StateReads& reads) : reads_(reads) {}

  const Value* get(std::string_view key) const override {
    const auto found = reads_.values.find(key);
    if (found == reads_.values.end()) {
      differ(fmt::format("it reads $state.{}, which the recorded run did not", key));
      return nullptr;
    }
    return found->second ? &*found->second : nullptr;
  }
  std::vector<std::string> keys() const override {
    if (!reads_.keys) differ("it lists the keys of $state, which the recorded run did not");
    return reads_.keys.value_or(std::vector<std::string>());
  }
  Result<void> check_write(std::string_view key, Value* value) const override {
    if (next_check_ == reads_.checks.size() || reads_.checks[next_check_].key != key) {
      differ(fmt::format("it writes $state.{}, which the recorded run did not at this point", key));
      return {};
    }
    const StateReads::Check& check = reads_.checks[next_check_++];
    if (check.error) return Error(*check.error);
    if (check.coerced && value != nullptr) *value = *check.coerced;
    return {};
  }

  const std::optional<std::string>& difference() const { return difference_; }

 private:
  void differ(std::string what) const {
    if (!difference_) difference_ = std::move(what);
  }

  const StateReads& reads_;
  mutable std::size_t next_check_ = 0;
  mutable std::optional<std::string> difference_;
};

bool ended_for_want_of_time(const Value& outcome) {
  const Value* error = outcome.find("error");
  const Value* code = error == nullptr ? nullptr : error->find("code");
  return code != nullptr && *code == Value(to_string(ErrorCode::kTimeout));
}

bool same(const Value& recorded, const Value& now) {
  if (ended_for_want_of_time(recorded)) return ended_for_want_of_time(now);
  // As bytes: two zeros of different sign are equal as values.
  // As bytes: two zeros of different sign are equal as values.
  return value::to_msgpack(recorded) == value::to_msgpack(now);
}

void tell_calls(const engine::Outcome& outcome, const Tell& tell) {
  for (const auto& call : outcome.new_suspensions)
    tell(fmt::format("  calls  {}.{}{}", call.extension, call.method, shown(Value(call.args))));
}

void tell_outcome(const RecordedSegment& segment, const engine::Outcome& outcome, const Tell& tell) {
  for (const auto& [key, value] : segment.reads.values)
    tell(fmt::format("  reads  {} = {}", key, value ? shown(*value) : "(nothing)"));
  for (const auto& line : outcome.logs)
    tell(fmt::format("  logs   {}: {}", to_string(line.level), line.message));
  for (const auto& mutation : outcome.mutations) {
    if (mutation.operation == engine::Mutation::Operation::kDelete)
      tell(fmt::format("  drops  {}", mutation.key));
    else if (mutation.patch.empty())
      tell(fmt::format("  sets   {} = {}", mutation.key, shown(mutation.value)));
    for (const auto& operation : mutation.patch) {
      std::string text;
      value::write_operation(mutation.key, operation, text);
      tell(fmt::format("  sets   {}", text.substr(0, kMaxShown)));
    }
  }
  for (const auto& event : outcome.events)
    tell(fmt::format("  emits  {} {}", event.name, shown(event.payload)));
  for (const auto& command : outcome.view_commands)
    tell(fmt::format("  view   {} {}", command.type, shown(command.args)));
  tell_calls(outcome, tell);
  if (outcome.error)
    tell(fmt::format("  fails  {}: {}", to_string(outcome.error->code), outcome.error->message));
  else if (outcome.status == engine::Status::kSuspended)
    tell("  waits");
  else
    tell(fmt::format("  ends   {}", outcome.has_return_value ? shown(outcome.return_value) : "undefined"));
}

void tell_difference(const Value& recorded, const Value& now, const Tell& tell) {
  for (const auto& [key, value] : recorded.object()) {
    const Value* other = now.find(key);
    if (other != nullptr && value::to_json(*other) == value::to_json(value)) continue;
    tell(fmt::format("  recorded {}: {}", key, shown(value)));
    tell(fmt::format("  now      {}: {}", key, other == nullptr ? "(nothing)" : shown(*other)));
  }
  for (const auto& [key, value] : now.object())
    if (recorded.find(key) == nullptr)
      tell(fmt::format("  now      {}: {}", key, shown(value)));
}

class Player {
 public:
  Player(engine::Engine& engine, const Recording& recording, const Tell& tell)
      : engine_(engine), recording_(recording), tell_(tell) {
    for (std::size_t i = 0; i < recording.segments.size(); ++i)
      if (recording.segments[i].inputs) playable_ = i + 1;
  }

  Result<bool> play() {
    NX_TRY_VOID(check());
    tell_title();
    for (std::size_t i = 0; i < playable_; ++i)
      if (!play_segment(i)) return false;
    if (playable_ < recording_.segments.size())
      tell_("the rest went on after a restart of the server, and is recorded without the clock");
    if (recording_.cut) tell_("the rest is not recorded: " + *recording_.cut);
    tell_("the same as recorded");
    return true;
  }

 private:
  Result<void> check() const;
  void tell_title() const;
  bool play_segment(std::size_t index);
  engine::Outcome run(std::size_t index, const engine::StateView& view);
  engine::RunRequest request() const;

  engine::Engine& engine_;
  const Recording& recording_;
  const Tell& tell_;
  std::size_t playable_ = 0;  // segments up to the last whose inputs are known
  std::map<std::string, std::string> calls_;  // recorded id -> id of this time
};

Result<void> Player::check() const {
  if (recording_.guest != engine::guest_build_hash())
    return Error{ErrorCode::kBadRequest,
                 fmt::format("the recording was made by guest build {} and this program has {}: use the "
                             "program of the same release",
                             recording_.guest.substr(0, 12), engine::guest_build_hash().substr(0, 12))};
  if (playable_ == 0)
    return Error{ErrorCode::kBadRequest,
                 "the recording lacks the run's clock readings: there were too many"};
  return {};
}

void Player::tell_title() const {
  const auto at = std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::milliseconds(recording_.recorded_ms)));
  tell_(fmt::format("run {} of panel \"{}\", handler \"{}\", recorded {:%Y-%m-%dT%H:%M:%S}Z",
                    recording_.run_id, recording_.request.panel_id, recording_.request.handler_name,
                    fmt::gmtime(std::chrono::time_point_cast<std::chrono::seconds>(at))));
  tell_("  args   " + shown(recording_.request.args));
}

engine::RunRequest Player::request() const {
  engine::RunRequest request = recording_.request;
  const RecordedSegment& last = recording_.segments[playable_ - 1];
  request.replay = last.inputs;
  if (!ended_for_want_of_time(last.outcome)) request.limits.timeout *= kMoreTime;
  return request;
}

engine::Outcome Player::run(std::size_t index, const engine::StateView& view) {
  if (index == 0) return engine_.execute(request(), view);
  const RecordedAnswer& answer = *recording_.segments[index].answer;
  return engine_.resume(calls_.at(answer.call_id), answer.result, view);
}

bool Player::play_segment(std::size_t index) {
  const RecordedSegment& segment = recording_.segments[index];
  const bool known = index == 0 || (segment.answer && calls_.contains(segment.answer->call_id));
  if (!known) {
    tell_(fmt::format("segment {} DIVERGES: it answers a call that this run has not made", index + 1));
    return false;
  }
  tell_(index == 0 ? "segment 1: starts"
                   : fmt::format("segment {}: is answered {}", index + 1,
                                 segment.answer->result.success
                                     ? shown(segment.answer->result.value)
                                     : segment.answer->result.code + ": " + segment.answer->result.error));
  const RecordedView view(segment.reads);
  const engine::Outcome outcome = run(index, view);
  tell_outcome(segment, outcome, tell_);
  const Value now = describe(outcome);
  if (!same(segment.outcome, now) || (view.difference() && !ended_for_want_of_time(segment.outcome))) {
    tell_(fmt::format("segment {} DIVERGES{}", index + 1, view.difference() ? ": " + *view.difference() : ""));
    tell_difference(segment.outcome, now, tell_);
    return false;
  }
  for (std::size_t i = 0; i < std::min(segment.started_calls.size(), outcome.new_suspensions.size()); ++i)
    calls_[segment.started_calls[i]] = outcome.new_suspensions[i].id;
  return true;
}

}  // namespace

engine::Limits playing_limits(const Recording& recording) {
  engine::Limits limits = recording.request.limits;
  limits.timeout *= kMoreTime;
  return limits;
}

Result<bool> play(engine::Engine& engine, const Recording& recording, const Tell& tell) {
  return Player(engine, recording, tell).play();
}

}  // namespace nexus::replay
