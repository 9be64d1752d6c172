#include "nexus/loop/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace nexus::loop {
namespace {

using std::chrono::milliseconds;

TEST(Loop, RunsPostedTasksInOrder) {
  const auto loop = Loop::create();
  std::vector<int> seen;
  for (int i = 0; i < 3; ++i) loop->post([&seen, i] { seen.push_back(i); });
  loop->post([&] { loop->stop(); });
  loop->run();
  EXPECT_EQ(seen, (std::vector{0, 1, 2}));
}

TEST(Loop, ATaskMayPostAnother) {
  const auto loop = Loop::create();
  bool inner = false;
  loop->post([&] {
    loop->post([&] {
      inner = true;
      loop->stop();
    });
    EXPECT_FALSE(inner) << "a post never runs in place";
  });
  loop->run();
  EXPECT_TRUE(inner);
}

TEST(Loop, StopBeforeRunEndsThatRunOnly) {
  const auto loop = Loop::create();
  bool ran = false;
  loop->post([&] {
    ran = true;
    loop->stop();
  });
  loop->stop();
  loop->run();
  EXPECT_FALSE(ran);
  loop->run();
  EXPECT_TRUE(ran);
}

TEST(Loop, TimersFireInOrderOfTheirDelay) {
  const auto loop = Loop::create();
  std::vector<int> seen;
  const auto late = loop->after(milliseconds(5), [&] {
    seen.push_back(2);
    loop->stop();
  });
  const auto soon = loop->after(milliseconds(1), [&] { seen.push_back(1); });
  loop->run();
  EXPECT_EQ(seen, (std::vector{1, 2}));
}

TEST(Loop, ADestroyedTimerNeverFires) {
  const auto loop = Loop::create();
  bool fired = false;
  auto timer = loop->after(milliseconds(0), [&] { fired = true; });
  timer.reset();
  const auto end = loop->after(milliseconds(3), [&] { loop->stop(); });
  loop->run();
  EXPECT_FALSE(fired);
}

// Both are due in the same turn of the loop: the second's completion is queued when the first runs.
TEST(Loop, ATimerDestroyedByAnotherDueTimerNeverFires) {
  const auto loop = Loop::create();
  bool fired = false;
  std::unique_ptr<Timer> second;
  const auto first = loop->after(milliseconds(0), [&] { second.reset(); });
  second = loop->after(milliseconds(0), [&] { fired = true; });
  const auto end = loop->after(milliseconds(3), [&] { loop->stop(); });
  loop->run();
  EXPECT_FALSE(fired);
}

TEST(Loop, ATimerMayDestroyItselfInItsTask) {
  const auto loop = Loop::create();
  std::unique_ptr<Timer> timer;
  timer = loop->after(milliseconds(0), [&] {
    timer.reset();
    loop->stop();
  });
  loop->run();
  EXPECT_EQ(timer, nullptr);
}

TEST(Loop, KnowsItsThread) {
  const auto loop = Loop::create();
  EXPECT_TRUE(loop->on_loop_thread()) << "nobody runs it yet";
  std::atomic<bool> inside = false;
  loop->post([&] { inside = loop->on_loop_thread(); });
  std::atomic<bool> running = false;
  loop->post([&] { running = true; });
  std::thread driver([&] { loop->run(); });
  while (!running) std::this_thread::yield();
  EXPECT_FALSE(loop->on_loop_thread());
  EXPECT_TRUE(inside);
  loop->stop();
  driver.join();
  EXPECT_TRUE(loop->on_loop_thread());
}

TEST(Loop, ManyThreadsMayPost) {
  const auto loop = Loop::create();
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  int count = 0;
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop->post([&] {
          if (++count == kThreads * kEach) loop->stop();
        });
      }
    });
  }
  loop->run();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(count, kThreads * kEach);
}

TEST(Loop, DestroyingItDropsWhatIsQueued) {
  const auto held = std::make_shared<int>(1);
  {
    const auto loop = Loop::create();
    loop->post([held] {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace nexus::loop
