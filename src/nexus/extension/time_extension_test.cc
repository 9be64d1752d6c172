#include "nexus/extension/time_extension.h"

#include <gtest/gtest.h>

#include <optional>

#include "nexus/extension/manual_loop_fixture_internal.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;

class TimeExtensionTest : public testing::Test {
 protected:
  std::unique_ptr<Call> call(std::string_view method, value::List args) {
    const auto report = [this](Result<value::Value> answer) {
      ++answers_;
      if (answer.ok())
        value_ = *answer;
      else
        error_ = answer.error();
    };
    return time_->call({"p", "r"}, method, std::move(args), {.done = report});
  }

  ManualLoop loop_;
  FixedClock clock_;
  std::unique_ptr<Extension> time_ = make_time_extension(loop_, clock_);
  int answers_ = 0;
  std::optional<value::Value> value_;
  std::optional<Error> error_;
};

TEST_F(TimeExtensionTest, NowIsTheWallClockInMilliseconds) {
  const auto open = call("now", {});
  EXPECT_EQ(answers_, 0) << "answers come later, never from inside call()";
  loop_.fire_all();
  EXPECT_EQ(value_, value::Value(1'700'000'000'123.0));
}

TEST_F(TimeExtensionTest, SleepAnswersNullAfterTheGivenTime) {
  const auto open = call("sleep", {1500.2});
  ASSERT_EQ(loop_.alarms.size(), 1u);
  EXPECT_EQ(loop_.alarms[0]->delay, milliseconds{1501});
  loop_.fire_all();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(value_, value::Value());
}

TEST_F(TimeExtensionTest, ASleepIsPlannedWithItsLength) {
  const CallPlan plan = time_->plan("sleep", {1500.2});
  EXPECT_EQ(plan.allowance, milliseconds{1501});
  EXPECT_TRUE(plan.repeatable);
  EXPECT_EQ(time_->plan("now", {}).allowance, milliseconds{0});
}

TEST_F(TimeExtensionTest, ASleepThatIsMadeAgainKeepsItsTime) {
  const CallContext earlier{"p", "r", "s", clock_.wall() - milliseconds{1000}};
  const auto open = time_->call(earlier, "sleep", {1500}, {.done = [](auto) {}});
  const CallContext long_ago{"p", "r", "s", clock_.wall() - milliseconds{2000}};
  const auto over = time_->call(long_ago, "sleep", {1500}, {.done = [](auto) {}});
  const CallContext clock_set_back{"p", "r", "s", clock_.wall() + milliseconds{2000}};
  const auto odd = time_->call(clock_set_back, "sleep", {1500}, {.done = [](auto) {}});
  ASSERT_EQ(loop_.alarms.size(), 3u);
  EXPECT_EQ(loop_.alarms[0]->delay, milliseconds{500});
  EXPECT_EQ(loop_.alarms[1]->delay, milliseconds{0});
  EXPECT_EQ(loop_.alarms[2]->delay, milliseconds{1500});
}

TEST_F(TimeExtensionTest, SleepIsBoundedByADay) {
  const auto longest = call("sleep", {86'400'000});
  loop_.fire_all();
  EXPECT_FALSE(error_.has_value());
  const auto longer = call("sleep", {86'400'001});
  loop_.fire_all();
  ASSERT_TRUE(error_.has_value());
  EXPECT_EQ(error_->code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_->message,
            "sleep takes a number of milliseconds from 0 to 86400000, found 86400001");
}

TEST_F(TimeExtensionTest, SleepRefusesWhatIsNoDuration) {
  for (value::List args :
       {value::List{}, value::List{"1"}, value::List{-1}, value::List{value::Value()}}) {
    error_.reset();
    const auto open = call("sleep", std::move(args));
    loop_.fire_all();
    ASSERT_TRUE(error_.has_value());
    EXPECT_EQ(error_->code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(TimeExtensionTest, UnknownMethodIsAnAnswer) {
  const auto open = call("wait", {});
  loop_.fire_all();
  ASSERT_TRUE(error_.has_value());
  EXPECT_EQ(error_->code, ErrorCode::kMethodNotFound);
}

TEST_F(TimeExtensionTest, DestroyingTheCallCancelsIt) {
  auto open = call("sleep", {5});
  open.reset();
  loop_.fire_all();
  EXPECT_EQ(answers_, 0);
}

}  // namespace
}  // namespace nexus::extension
