#include "nexus/extension/approval_extension.h"

#include <gtest/gtest.h>

#include "nexus/extension/manual_loop_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;
using value::List;
using value::Object;
using value::Value;

class ApprovalExtensionTest : public testing::Test {
 protected:
  std::unique_ptr<Call> ask(Object question, std::string id = "a1") {
    return ask({.panel_id = "p", .run_id = "r", .call_id = std::move(id), .asked_at = clock_.wall()},
               std::move(question));
  }
  std::unique_ptr<Call> ask(const CallContext& context, Object question) {
    auto call = approvals_->call(
        context, "request", {std::move(question)},
        {.done =
             [this](Result<Value> answer) {
               answers_.push_back(answer.ok() ? value::to_json(*answer)
                                              : std::string(to_string(answer.error().code)) + ": " +
                                                    answer.error().message);
             },
         .progress = [this](Value progress) { progress_.push_back(std::move(progress)); },
         .announce =
             [this](std::string_view name, Value payload) {
               EXPECT_EQ(name, "system:approval");
               events_.push_back(std::move(payload));
             }});
    loop_.drain();
    return call;
  }
  std::vector<std::string> statuses() const {
    std::vector<std::string> all;
    for (const Value& event : events_) all.push_back(event.find("status")->string());
    return all;
  }

  ManualLoop loop_;
  FixedClock clock_;
  std::unique_ptr<Approvals> approvals_ = make_approval_extension(loop_, clock_);
  std::vector<std::string> answers_;
  std::vector<Value> progress_;
  std::vector<Value> events_;
};

TEST_F(ApprovalExtensionTest, WaitsUntilSomebodyDecides) {
  const auto call = ask({{"title", "Pay 7 €"}, {"description", "to the baker"}, {"data", Object{{"sum", 7}}}});
  EXPECT_TRUE(answers_.empty());
  const auto open = approvals_->open("p");
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(value::to_json(to_value(open[0])),
            R"({"id":"a1","executionId":"r","title":"Pay 7 €","description":"to the baker","data":{"sum":7},)"
            R"("requestedAt":1700000000123,"deadline":1700604800123})");
  EXPECT_EQ(progress_, std::vector<Value>{to_value(open[0])}) << "the client that triggered the run";

  const auto decided = approvals_->decide("p", "a1", {.approved = true, .by = "ann", .comment = "fine"});
  ASSERT_TRUE(decided.ok());
  EXPECT_EQ(answers_, std::vector<std::string>{
                          R"({"approved":true,"by":"ann","comment":"fine","decidedAt":1700000000123})"});
  EXPECT_EQ(value::to_json(*decided), answers_[0]);
  EXPECT_EQ(statuses(), (std::vector<std::string>{"open", "approved"}));
  EXPECT_EQ(events_.back().find("by")->string(), "ann");
  EXPECT_TRUE(approvals_->open("p").empty());
  EXPECT_EQ(loop_.armed(), 0u) << "no deadline is left behind";
}

TEST_F(ApprovalExtensionTest, ANoIsAnAnswerToo) {
  const auto call = ask({{"title", "t"}});
  ASSERT_TRUE(approvals_->decide("p", "a1", {.approved = false, .by = "ann", .comment = {}}).ok());
  EXPECT_EQ(answers_[0], R"({"approved":false,"by":"ann","comment":"","decidedAt":1700000000123})");
  EXPECT_EQ(statuses().back(), "rejected");
}

TEST_F(ApprovalExtensionTest, TheSameDecisionTwiceIsOneAndAnotherIsAConflict) {
  const auto call = ask({{"title", "t"}});
  const Decision yes{.approved = true, .by = "ann", .comment = {}};
  const std::string first = value::to_json(*approvals_->decide("p", "a1", yes));
  EXPECT_EQ(value::to_json(*approvals_->decide("p", "a1", yes)), first);
  const auto other = approvals_->decide("p", "a1", {.approved = false, .by = "bob", .comment = {}});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_EQ(other.error().message, "ann has approved it already");
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(ApprovalExtensionTest, AnotherPanelCannotAnswer) {
  const auto call = ask({{"title", "t"}});
  EXPECT_EQ(approvals_->decide("q", "a1", {.approved = true, .by = "eve", .comment = {}}).error().code,
            ErrorCode::kNotFound);
  EXPECT_TRUE(approvals_->open("q").empty());
  EXPECT_EQ(approvals_->open("p").size(), 1u);
}

TEST_F(ApprovalExtensionTest, HasADeadlineOfItsOwn) {
  EXPECT_EQ(approvals_->plan("request", {Object{{"title", "t"}}}).allowance, CallPlan::kNoLimit);
  const auto call = ask({{"title", "t"}, {"timeoutMs", 5000}});
  ASSERT_EQ(loop_.alarms.size(), 1u);
  EXPECT_EQ(loop_.alarms[0]->delay, milliseconds{5000});
  loop_.fire_all();
  EXPECT_EQ(answers_, std::vector<std::string>{"TIMEOUT: nobody decided about \"t\" in time"});
  EXPECT_EQ(statuses().back(), "expired");
  EXPECT_EQ(approvals_->decide("p", "a1", {.approved = true, .by = "ann", .comment = {}}).error().code,
            ErrorCode::kNotFound);
}

TEST_F(ApprovalExtensionTest, ARestartKeepsIdAndDeadline) {
  EXPECT_TRUE(approvals_->plan("request", {}).repeatable);
  const CallContext before{.panel_id = "p", .run_id = "r", .call_id = "a1", .asked_at = clock_.wall() - milliseconds{4000}};
  const auto call = ask(before, {{"title", "t"}, {"timeoutMs", 5000}});
  EXPECT_EQ(loop_.alarms.back()->delay, milliseconds{1000});
  EXPECT_EQ(approvals_->open("p")[0].id, "a1");
  EXPECT_EQ(approvals_->open("p")[0].deadline, clock_.wall() + milliseconds{1000});
}

TEST_F(ApprovalExtensionTest, ARunThatEndsTakesItsQuestionWithIt) {
  auto call = ask({{"title", "t"}});
  call.reset();
  EXPECT_TRUE(approvals_->open("p").empty());
  EXPECT_EQ(statuses().back(), "cancelled");
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(loop_.armed(), 0u);
}

TEST_F(ApprovalExtensionTest, WrongQuestionsAreAnswers) {
  const auto complaint = [&](Object question) {
    answers_.clear();
    const auto call = ask(std::move(question));
    return answers_.empty() ? std::string() : answers_[0];
  };
  EXPECT_EQ(complaint({}), "INVALID_ARGUMENT: title is missing: what is to be approved");
  EXPECT_EQ(complaint({{"title", 7}}), "INVALID_ARGUMENT: title must be a string, found number");
  EXPECT_EQ(complaint({{"title", std::string(201, 't')}}), "INVALID_ARGUMENT: title too long: 201 bytes, limit 200");
  EXPECT_EQ(complaint({{"title", "t"}, {"data", std::string(16381, 'd')}}), "") << "as large as it may be";
  EXPECT_EQ(complaint({{"title", "t"}, {"data", std::string(16382, 'd')}}),
            "INVALID_ARGUMENT: data too large: 16385 bytes, limit 16384");
  EXPECT_EQ(complaint({{"title", "t"}, {"timeoutMs", 999}}),
            "INVALID_ARGUMENT: timeoutMs must be a number from 1000 to 2592000000, found 999");
  EXPECT_EQ(complaint({{"title", "t"}, {"deadline", 1}}),
            "INVALID_ARGUMENT: request has no \"deadline\"; it has title, description, data and timeoutMs");
  const auto call = approvals_->call({"p", "r"}, "ask", {}, {.done = [&](Result<Value> answer) {
    EXPECT_EQ(answer.error().code, ErrorCode::kMethodNotFound);
    answers_.push_back("asked");
  }});
  loop_.drain();
  EXPECT_EQ(answers_.back(), "asked");
}

}  // namespace
}  // namespace nexus::extension
