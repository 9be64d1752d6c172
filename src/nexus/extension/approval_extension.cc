#include "nexus/extension/approval_extension.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <list>

#include "nexus/extension/pending_call_internal.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;
using value::Value;

constexpr std::string_view kEvent = "system:approval";
constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kMaxDescriptionBytes = 4000;
constexpr std::size_t kMaxDataBytes = 16 * 1024;
constexpr milliseconds kMinTime{1000};
// Decisions that are remembered, so that one which is sent twice is answered twice.
constexpr std::size_t kMaxDecided = 1000;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

struct Question {
  std::string title;
  std::string description;
  Value data;
  milliseconds time = kDefaultApprovalTime;
};

Result<void> read_text(std::string_view name, const Value& value, std::size_t limit,
                       std::string& text) {
  if (!value.is_string())
    return invalid(fmt::format("{} must be a string, found {}", name, to_string(value.type())));
  if (value.string().size() > limit)
    return invalid(
        fmt::format("{} too long: {} bytes, limit {}", name, value.string().size(), limit));
  text = value.string();
  return {};
}

Result<milliseconds> read_time(const Value& value) {
  const auto most = static_cast<double>(kMaxApprovalTime.count());
  if (value.is_number() && value.number() >= static_cast<double>(kMinTime.count()) &&
      value.number() <= most)
    return milliseconds{static_cast<std::int64_t>(std::ceil(value.number()))};
  return invalid(fmt::format("timeoutMs must be a number from {} to {}, found {}",
                             kMinTime.count(), kMaxApprovalTime.count(), value::to_json(value)));
}

Result<Question> read_question(const value::List& args) {
  if (args.empty() || !args[0].is_object())
    return invalid("request takes one object {title, description?, data?, timeoutMs?}");
  Question question;
  for (const auto& [key, value] : args[0].object()) {
    if (key == "title") {
      NX_TRY_VOID(read_text(key, value, kMaxTitleBytes, question.title));
    } else if (key == "description") {
      NX_TRY_VOID(read_text(key, value, kMaxDescriptionBytes, question.description));
    } else if (key == "data") {
      if (const std::size_t bytes = value::msgpack_size(value); bytes > kMaxDataBytes)
        return invalid(fmt::format("data too large: {} bytes, limit {}", bytes, kMaxDataBytes));
      question.data = value;
    } else if (key == "timeoutMs") {
      NX_TRY(question.time, read_time(value));
    } else {
      return invalid(fmt::format(
          "request has no \"{}\"; it has title, description, data and timeoutMs", key));
    }
  }
  if (question.title.empty()) return invalid("title is missing: what is to be approved");
  return question;
}

class ApprovalExtension : public Approvals {
 public:
  ApprovalExtension(loop::Loop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}

  std::string_view name() const override { return "nexus.approval"; }
  const std::vector<std::string>& methods() const override { return methods_; }
  // Its own deadline is the only one.
  CallPlan plan(std::string_view, const value::List&) const override {
    return {.repeatable = true, .allowance = CallPlan::kNoLimit};
  }
  std::unique_ptr<Call> call(const CallContext& context, std::string_view method, value::List args,
                             Reports reports) override;
  std::vector<Approval> open(std::string_view panel_id) const override;
  Result<Value> decide(std::string_view panel_id, std::string_view id,
                       const Decision& decision) override;

 private:
  struct Open {
    std::string panel_id;
    Approval approval;
    PendingCall::AnswerPtr answer;
    std::unique_ptr<loop::Timer> timer;
  };
  struct Decided {
    std::string panel_id;
    std::string id;
    Value answer;
  };
  class WaitingCall;

  std::unique_ptr<Call> fail(Error error, Reports reports);
  void expire(std::list<Open>::iterator entry);
  static void announce(const Open& entry, std::string_view status, const Value* answer = nullptr);
  Result<Value> repeated(std::string_view panel_id, std::string_view id,
                         const Decision& decision) const;

  loop::Loop& loop_;
  const Clock& clock_;
  const std::vector<std::string> methods_ = {"request"};
  std::list<Open> open_;  // oldest first
  std::deque<Decided> decided_;
};

// Takes its entry with it.
class ApprovalExtension::WaitingCall : public PendingCall {
 public:
  WaitingCall(ApprovalExtension& extension, AnswerPtr answer)
      : PendingCall(answer), extension_(extension), answer_(std::move(answer)) {}
  ~WaitingCall() override {
    const auto entry =
        std::ranges::find(extension_.open_, answer_, [](const Open& open) { return open.answer; });
    if (entry == extension_.open_.end()) return;
    announce(*entry, "cancelled");
    extension_.open_.erase(entry);
  }

 private:
  ApprovalExtension& extension_;
  const AnswerPtr answer_;
};

std::unique_ptr<Call> ApprovalExtension::fail(Error error, Reports reports) {
  auto answer = PendingCall::open(std::move(reports));
  loop_.post([answer, error = std::move(error)] { PendingCall::deliver(*answer, Error(error)); });
  return std::make_unique<PendingCall>(answer);
}

std::unique_ptr<Call> ApprovalExtension::call(const CallContext& context, std::string_view method,
                                              value::List args, Reports reports) {
  if (method != "request")
    return fail({ErrorCode::kMethodNotFound,
                 fmt::format("nexus.approval has no method \"{}\"; it has request", method)},
                std::move(reports));
  auto question = read_question(args);
  if (!question.ok()) return fail(std::move(question).take_error(), std::move(reports));
  auto answer = PendingCall::open(std::move(reports));
  const Clock::Wall asked_at = context.asked_at.value_or(clock_.wall());
  const Clock::Wall deadline = asked_at + question->time;
  const auto entry = open_.insert(
      open_.end(), Open{context.panel_id,
                        {context.call_id, context.run_id, std::move(question->title),
                         std::move(question->description), std::move(question->data),
                         asked_at, deadline},
                        answer,
                        nullptr});
  // The time goes on while the server is down. A clock that was set back does not lengthen it.
  const auto left = std::chrono::ceil<milliseconds>(deadline - clock_.wall());
  entry->timer = loop_.after(std::clamp(left, milliseconds{0}, question->time),
                             [this, entry] { expire(entry); });
  // Not from inside call(): the client that triggered the run hears of the suspension first.
  loop_.post([answer, approval = to_value(entry->approval)] {
    if (answer->over) return;
    answer->reports.progress(approval);
    value::Object event = approval;
    event.set("status", "open");
    answer->reports.announce(kEvent, event);
  });
  return std::make_unique<WaitingCall>(*this, std::move(answer));
}

void ApprovalExtension::expire(std::list<Open>::iterator entry) {
  const Open ended = std::move(*entry);
  open_.erase(entry);
  announce(ended, "expired");
  PendingCall::deliver(*ended.answer,
                       Error{ErrorCode::kTimeout, fmt::format("nobody decided about {} in time",
                                                              value::to_json(ended.approval.title))});
}

void ApprovalExtension::announce(const Open& entry, std::string_view status, const Value* answer) {
  value::Object event = to_value(entry.approval);
  event.set("status", status);
  if (answer != nullptr)
    for (const auto& [key, value] : answer->object()) event.set(key, value);
  entry.answer->reports.announce(kEvent, std::move(event));
}

std::vector<Approval> ApprovalExtension::open(std::string_view panel_id) const {
  std::vector<Approval> found;
  for (const Open& entry : open_)
    if (entry.panel_id == panel_id) found.push_back(entry.approval);
  return found;
}

Result<Value> ApprovalExtension::decide(std::string_view panel_id, std::string_view id,
                                        const Decision& decision) {
  const auto entry = std::ranges::find_if(open_, [&](const Open& open) {
    return open.panel_id == panel_id && open.approval.id == id;
  });
  if (entry == open_.end()) return repeated(panel_id, id, decision);
  const Value answer = value::Object{{"approved", decision.approved},
                                     {"by", decision.by},
                                     {"comment", decision.comment},
                                     {"decidedAt", unix_ms(clock_.wall())}};
  const Open decided = std::move(*entry);
  open_.erase(entry);
  decided_.push_back({decided.panel_id, decided.approval.id, answer});
  if (decided_.size() > kMaxDecided) decided_.pop_front();
  announce(decided, decision.approved ? "approved" : "rejected", &answer);
  PendingCall::deliver(*decided.answer, answer);
  return answer;
}

Result<Value> ApprovalExtension::repeated(std::string_view panel_id, std::string_view id,
                                          const Decision& decision) const {
  const auto known = std::ranges::find_if(decided_, [&](const Decided& decided) {
    return decided.panel_id == panel_id && decided.id == id;
  });
  if (known == decided_.end())
    return Error{ErrorCode::kNotFound,
                 fmt::format("no approval {} waits in this panel: it has expired, its run has "
                             "ended, or it never was",
                             value::to_json(id.substr(0, 64)))};
  if (*known->answer.find("approved") == Value(decision.approved) &&
      *known->answer.find("by") == Value(decision.by))
    return known->answer;
  return Error{ErrorCode::kConflict,
               fmt::format("{} has {} it already", known->answer.find("by")->string(),
                           *known->answer.find("approved") == Value(true) ? "approved" : "rejected")};
}

}  // namespace

value::Object to_value(const Approval& approval) {
  value::Object object{{"id", approval.id},
                       {"executionId", approval.run_id},
                       {"title", approval.title}};
  if (!approval.description.empty()) object.append("description", approval.description);
  if (!approval.data.is_null()) object.append("data", approval.data);
  object.append("requestedAt", unix_ms(approval.asked_at));
  object.append("deadline", unix_ms(approval.deadline));
  return object;
}

std::unique_ptr<Approvals> make_approval_extension(loop::Loop& loop, const Clock& clock) {
  return std::make_unique<ApprovalExtension>(loop, clock);
}

}  // namespace nexus::extension
