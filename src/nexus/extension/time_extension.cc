#include "nexus/extension/time_extension.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;

// An answer that a timer delivers.
class TimedCall : public Call {
 public:
  TimedCall(loop::Loop& loop, milliseconds delay, std::function<void()> task)
      : timer_(loop.after(delay, std::move(task))) {}

 private:
  std::unique_ptr<loop::Timer> timer_;
};

Result<milliseconds> sleep_duration(const value::List& args) {
  const value::Value* ms = args.empty() ? nullptr : &args.front();
  const double limit = static_cast<double>(kMaxSleep.count());
  if (ms != nullptr && ms->is_number() && ms->number() >= 0 && ms->number() <= limit)
    return milliseconds{static_cast<std::int64_t>(std::ceil(ms->number()))};
  std::string found = "nothing";
  if (ms != nullptr)
    found = ms->is_number() ? value::to_json(*ms) : std::string(to_string(ms->type()));
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("sleep takes a number of milliseconds from 0 to {}, found {}",
                           kMaxSleep.count(), found)};
}

class TimeExtension : public Extension {
 public:
  TimeExtension(loop::Loop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}

  std::string_view name() const override { return "nexus.time"; }
  const std::vector<std::string>& methods() const override { return methods_; }

  CallPlan plan(std::string_view method, const value::List& args) const override {
    auto duration = method == "sleep" ? sleep_duration(args) : milliseconds{0};
    return {.repeatable = true, .allowance = duration.ok() ? *duration : milliseconds{0}};
  }

  std::unique_ptr<Call> call(const CallContext& context, std::string_view method, value::List args,
                             Reports reports) override {
    if (method == "now")
      return answer(milliseconds{0}, value::Value(unix_ms(clock_.wall())), std::move(reports.done));
    if (method == "sleep") {
      auto duration = sleep_duration(args);
      if (duration.ok())
        return answer(left_of(*duration, context), value::Value(), std::move(reports.done));
      return fail(std::move(duration).take_error(), std::move(reports.done));
    }
    return fail({ErrorCode::kMethodNotFound,
                 fmt::format("nexus.time has no method \"{}\"; it has sleep and now", method)},
                std::move(reports.done));
  }

 private:
  // Of a sleep that began before a restart, what is left; never more than it was to last, whatever
  // was done to the clock meanwhile.
  milliseconds left_of(milliseconds duration, const CallContext& context) const {
    if (!context.asked_at) return duration;
    const auto left =
        std::chrono::ceil<milliseconds>(*context.asked_at + duration - clock_.wall());
    return std::clamp(left, milliseconds{0}, duration);
  }

  std::unique_ptr<Call> answer(milliseconds delay, value::Value value, Done done) {
    return std::make_unique<TimedCall>(
        loop_, delay,
        [value = std::move(value), done = std::move(done)] { done(value::Value(value)); });
  }

  std::unique_ptr<Call> fail(Error error, Done done) {
    return std::make_unique<TimedCall>(
        loop_, milliseconds{0},
        [error = std::move(error), done = std::move(done)] { done(Error(error)); });
  }

  loop::Loop& loop_;
  const Clock& clock_;
  const std::vector<std::string> methods_ = {"sleep", "now"};
};

}  // namespace

std::unique_ptr<Extension> make_time_extension(loop::Loop& loop, const Clock& clock) {
  return std::make_unique<TimeExtension>(loop, clock);
}

}  // namespace nexus::extension
