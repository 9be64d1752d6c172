#include "nexus/loop/fair_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nexus::loop {
namespace {

using testing::ElementsAre;

// An executor that runs nothing until the test says so.
class HeldExecutor final : public Executor {
 public:
  bool submit(std::function<void()> task, std::uint64_t) override {
    if (full) return false;
    tasks.push_back(std::move(task));
    return true;
  }
  void run_one() {
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
  }

  std::deque<std::function<void()>> tasks;
  bool full = false;
};

class FairLanesTest : public testing::Test {
 protected:
  // Submits a task that writes `word` down.
  void submit(const std::string& lane, std::string word) {
    lanes.at(lane)->submit([this, word = std::move(word)] { done.push_back(word); });
  }
  // Runs everything in the order in which it reaches the executor.
  void run_all() {
    while (!executor.tasks.empty()) {
      executor.run_one();
      turn();
    }
  }
  // Lets the loop do what was posted.
  void turn() {
    loop->post([this] { loop->stop(); });
    loop->run();
  }
  void open(FairLanes::Options options, const std::vector<std::string>& names) {
    fair = std::make_unique<FairLanes>(*loop, executor, options);
    for (const auto& name : names) lanes[name] = fair->lane(name);
  }

  const std::unique_ptr<Loop> loop = Loop::create();
  HeldExecutor executor;
  std::unique_ptr<FairLanes> fair;
  std::map<std::string, std::shared_ptr<Executor>> lanes;
  std::vector<std::string> done;
};

TEST_F(FairLanesTest, AQuietLaneDoesNotWaitBehindANoisyOne) {
  open({.max_running = 1, .max_running_per_lane = 1}, {"noisy", "quiet"});
  for (int i = 0; i < 100; ++i) submit("noisy", "n");
  submit("quiet", "q");
  run_all();
  ASSERT_EQ(done.size(), 101u);
  EXPECT_EQ(done[2], "q") << "after what was under way, and one turn of the other";
}

TEST_F(FairLanesTest, LanesTakeTurnsAndTasksOfALaneKeepTheirOrder) {
  open({.max_running = 1, .max_running_per_lane = 1}, {"a", "b", "c"});
  for (const char* word : {"a1", "a2", "a3"}) submit("a", word);
  for (const char* word : {"b1", "b2"}) submit("b", word);
  submit("c", "c1");
  run_all();
  EXPECT_THAT(done, ElementsAre("a1", "a2", "b1", "c1", "a3", "b2"));
}

TEST_F(FairLanesTest, OneLaneCannotTakeEverythingThatRuns) {
  open({.max_running = 3, .max_running_per_lane = 2}, {"noisy", "quiet"});
  for (int i = 0; i < 10; ++i) submit("noisy", "n");
  EXPECT_EQ(executor.tasks.size(), 2u);
  EXPECT_EQ(fair->waiting(), 8u);
  submit("quiet", "q");
  EXPECT_EQ(executor.tasks.size(), 3u) << "at once";
  run_all();
  EXPECT_EQ(done.size(), 11u);
  EXPECT_EQ(fair->running(), 0u);
  EXPECT_EQ(fair->waiting(), 0u);
}

TEST_F(FairLanesTest, AFullExecutorIsAskedAgainAndNothingIsLost) {
  open({.max_running = 2, .max_running_per_lane = 2}, {"a"});
  executor.full = true;
  submit("a", "a1");
  submit("a", "a2");
  EXPECT_TRUE(executor.tasks.empty());
  executor.full = false;
  while (executor.tasks.empty()) turn();
  run_all();
  EXPECT_THAT(done, ElementsAre("a1", "a2"));
}

TEST_F(FairLanesTest, ALaneRefusesWhatIsTooMuchAndOthersDoNot) {
  open({.max_running = 1, .max_running_per_lane = 1, .max_waiting_per_lane = 2}, {"a", "b"});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(lanes.at("a")->submit([] {})) << i;
  EXPECT_FALSE(lanes.at("a")->submit([] {}));
  EXPECT_TRUE(lanes.at("b")->submit([] {}));
  run_all();
  EXPECT_TRUE(lanes.at("a")->submit([] {}));
  run_all();
}

TEST_F(FairLanesTest, ALaneOfTheSameNameIsTheSame) {
  open({}, {"a"});
  EXPECT_EQ(fair->lane("a"), lanes.at("a"));
  EXPECT_NE(fair->lane("b"), lanes.at("a"));
}

TEST_F(FairLanesTest, ATaskMayEndAfterTheLanes) {
  open({}, {"a"});
  submit("a", "late");
  lanes.clear();
  fair.reset();
  run_all();
  EXPECT_THAT(done, ElementsAre("late"));
}

}  // namespace
}  // namespace nexus::loop
