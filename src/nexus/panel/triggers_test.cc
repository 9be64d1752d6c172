#include "nexus/panel/triggers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/nxml/nxml.h"
#include "nexus/panel/doubles_internal.h"
#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using doubles::set_key;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class MovingClock : public Clock {
 public:
  Steady now() const override { return {}; }
  Wall wall() const override { return time; }
  Wall time{std::chrono::hours{24 * 365}};
};

class TriggersTest : public testing::Test {
 protected:
  // A tool "t" with these Trigger elements.
  void load(const std::string& elements) {
    const auto parsed = nxml::parse(
        "<NexusPanel title=\"T\"><Data><State name=\"n\" type=\"object\"/></Data><Logic>"
        "<Tool name=\"t\"><Arg name=\"x\" required=\"false\"/>" +
        elements + "<Handler>return 1;</Handler></Tool></Logic></NexusPanel>");
    ASSERT_TRUE(parsed.document) << nxml::to_json(parsed.diagnostics);
    document_ = parsed.document;
    triggers_ = std::make_unique<Triggers>(
        *document_, loop_, clock_,
        [this](const std::string& tool, value::Value args, unsigned chain, Triggers::Done done) -> Result<void> {
          if (refuse_) return Error{ErrorCode::kResourceLimit, "the queue is full"};
          started_.push_back(tool + " " + value::to_json(args) + " " + std::to_string(chain));
          done_.push_back(std::move(done));
          chain_ = chain;
          return {};
        },
        [this](const std::string&, const Error& error) { reports_.push_back(error.message); },
        [this](const std::string& name, std::int64_t due_ms) { positions_[name] = due_ms; });
    triggers_->start(std::exchange(positions_, {}));
  }
  void pass(milliseconds time) {
    clock_.time += time;
    loop_.advance(time);
  }
  void finish(std::optional<Error> error = {}) {
    const auto done = std::move(done_.front());
    done_.erase(done_.begin());
    done(std::move(error));
  }
  void emit(const std::string& name, value::Value payload) {
    triggers_->on_segment({}, {{name, std::move(payload), 0}}, chain_);
  }
  std::string info() const {
    std::string out;
    triggers_->write_json(out);
    return out;
  }

  MovingClock clock_;
  doubles::ManualLoop loop_;
  std::shared_ptr<const nxml::Document> document_;
  std::vector<std::string> started_;
  std::vector<Triggers::Done> done_;
  std::vector<std::string> reports_;
  Triggers::Positions positions_;
  unsigned chain_ = 0;
  bool refuse_ = false;
  std::unique_ptr<Triggers> triggers_;
};

TEST_F(TriggersTest, AnIntervalFiresOverAndOver) {
  load(R"(<Trigger type="interval" ms="1000"/>)");
  for (int i = 0; i < 3; ++i) {
    pass(milliseconds{1000});
    ASSERT_EQ(started_.size(), static_cast<std::size_t>(i + 1));
    finish();
  }
  EXPECT_EQ(started_[0], "t null 0");
  EXPECT_THAT(info(), HasSubstr(R"("type":"interval","runs":3,"skipped":0,"lastRunAt":"1971-01-01T00:00:03.000Z",)"
                                R"("nextRunAt":"1971-01-01T00:00:04.000Z")"));
}

TEST_F(TriggersTest, ARunThatLastsIsNotJoinedByAnother) {
  load(R"(<Trigger type="interval" ms="1000"/>)");
  for (int i = 0; i < 4; ++i) pass(milliseconds{1000});
  EXPECT_EQ(started_.size(), 1u);
  EXPECT_THAT(info(), HasSubstr(R"("runs":1,"skipped":3)"));
  finish();
  EXPECT_EQ(started_.size(), 1u) << "what was missed is not made up for";
  pass(milliseconds{1000});
  EXPECT_EQ(started_.size(), 2u);
}

TEST_F(TriggersTest, CronFiresAtItsTimesAndOnceAfterALongSleep) {
  load(R"(<Trigger type="cron" expression="*/5 * * * *"/>)");
  for (int minute = 0; minute < 6; ++minute) pass(std::chrono::minutes{1});
  EXPECT_EQ(started_.size(), 1u);
  finish();
  clock_.time += std::chrono::hours{5};  // the machine was asleep, its timers with it
  pass(std::chrono::minutes{1});
  EXPECT_EQ(started_.size(), 2u);
  finish();
  pass(milliseconds{1});
  EXPECT_EQ(started_.size(), 2u);
}

TEST_F(TriggersTest, AnEventBringsItsPayloadAndNoneIsLost) {
  load(R"(<Trigger type="event" pattern="order.*"/>)");
  emit("order.new", value::Object{{"x", "1"}});
  emit("other", 2);
  emit("order.paid", value::Object{{"x", "2"}});
  EXPECT_THAT(started_, ElementsAre(R"(t {"x":"1"} 1)"));
  chain_ = 0;
  finish();
  EXPECT_THAT(started_, ElementsAre(R"(t {"x":"1"} 1)", R"(t {"x":"2"} 2)"));
}

TEST_F(TriggersTest, OnlySoManyEventsWait) {
  load(R"(<Trigger type="event" pattern="*"/>)");
  for (std::size_t i = 0; i < Triggers::kMaxWaiting + 2; ++i) triggers_->on_segment({}, {{"e", 1, 0}}, 0);
  EXPECT_THAT(reports_, ElementsAre("16 events wait for a run of tool \"t\" already; one more was dropped"));
  for (std::size_t i = 0; i < Triggers::kMaxWaiting + 1; ++i) finish();
  EXPECT_EQ(started_.size(), Triggers::kMaxWaiting + 1);
}

TEST_F(TriggersTest, AStateChangeIsOneThatMeetsThePath) {
  load(R"(<Trigger type="state_change" path="$state.n.a.b"/>)");
  const auto change = [this](value::List path) {
    engine::Mutation mutation{engine::Mutation::Operation::kSet, "n", {}, {}};
    mutation.patch = {{value::PatchOperation::Kind::kAdd, std::move(path), 1}};
    triggers_->on_segment({mutation}, {}, 0);
    const bool fired = !done_.empty();
    if (fired) finish();
    return fired;
  };
  EXPECT_TRUE(change({"a"}));
  EXPECT_TRUE(change({"a", "b"}));
  EXPECT_TRUE(change({"a", "b", 0}));
  EXPECT_FALSE(change({"a", "c"}));
  EXPECT_FALSE(change({"b"}));
  triggers_->on_segment({set_key("other", 1)}, {}, 0);
  EXPECT_TRUE(done_.empty());
  triggers_->on_segment({set_key("n", value::Object{})}, {}, 0);
  EXPECT_FALSE(done_.empty()) << "a key that was replaced may have changed anywhere";
}

TEST_F(TriggersTest, ChangesDuringARunBecomeOneMoreRun) {
  load(R"(<Trigger type="state_change" path="$state.n"/>)");
  for (int i = 0; i < 5; ++i) triggers_->on_segment({set_key("n", i)}, {}, 0);
  EXPECT_EQ(started_.size(), 1u);
  finish();
  EXPECT_EQ(started_.size(), 2u);
  finish();
  EXPECT_EQ(started_.size(), 2u);
}

TEST_F(TriggersTest, ALoopIsCutAndSaysSo) {
  load(R"(<Trigger type="state_change" path="$state.n"/>)");
  triggers_->on_segment({set_key("n", 0)}, {}, 0);
  int runs = 0;
  while (!done_.empty() && runs < 100) {
    ++runs;
    triggers_->on_segment({set_key("n", runs)}, {}, chain_);
    finish();
  }
  EXPECT_EQ(runs, static_cast<int>(Triggers::kMaxChain));
  EXPECT_THAT(reports_, ElementsAre("trigger loop: 8 runs in a row have caused each other; the next "
                                    "one, of tool \"t\", was not started"));
  EXPECT_THAT(info(), HasSubstr(R"("error":{"code":"RESOURCE_LIMIT","message":"trigger loop)"));
  triggers_->on_segment({set_key("n", 0)}, {}, 0);
  EXPECT_EQ(done_.size(), 1u) << "a person's next change starts anew";
}

TEST_F(TriggersTest, WhatCannotStartOrFailsIsShownUntilARunSucceeds) {
  load(R"(<Trigger type="event" pattern="*"/>)");
  refuse_ = true;
  emit("e", 1);
  EXPECT_THAT(info(), HasSubstr("the queue is full"));
  refuse_ = false;
  emit("e", 1);
  finish(Error{ErrorCode::kExecutionError, "boom"});
  EXPECT_THAT(info(), HasSubstr(R"("error":{"code":"EXECUTION_ERROR","message":"boom"})"));
  emit("e", 1);
  finish();
  EXPECT_EQ(info().find("error"), std::string::npos);
}

TEST_F(TriggersTest, NothingFiresAfterTheEnd) {
  load(R"(<Trigger type="interval" ms="1000"/><Trigger type="event" pattern="*"/>)");
  emit("e", 1);
  emit("e", 2);
  triggers_->stop();
  finish();
  pass(milliseconds{5000});
  EXPECT_EQ(started_.size(), 1u);
  EXPECT_EQ(loop_.armed(), 0u);
}

}  // namespace
}  // namespace nexus::panel
