#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "nexus/loop/loop.h"

namespace nexus::loop {
namespace {

TEST(ThreadPool, RunsEveryTaskOnceAndInOrderOnOneThread) {
  std::vector<int> seen;
  std::promise<void> done;
  const auto pool = ThreadPool::create(1, 100);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool->submit([&seen, i] { seen.push_back(i); }));
  ASSERT_TRUE(pool->submit([&] { done.set_value(); }));
  done.get_future().wait();
  ASSERT_EQ(seen.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(ThreadPool, RefusesOneTaskMoreThanMayWait) {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  std::promise<void> started;
  std::atomic<int> ran = 0;
  std::promise<void> both_ran;
  const auto pool = ThreadPool::create(1, 2);
  ASSERT_TRUE(pool->submit([&, open] {
    started.set_value();
    open.wait();
  }));
  started.get_future().wait();
  const auto count = [&] {
    if (++ran == 2) both_ran.set_value();
  };
  EXPECT_TRUE(pool->submit(count));
  EXPECT_TRUE(pool->submit(count));
  EXPECT_FALSE(pool->submit(count)) << "two wait already";
  gate.set_value();
  both_ran.get_future().wait();
  EXPECT_EQ(ran, 2);
}

TEST(ThreadPool, AnIdleThreadTakesATaskEvenWhenNoneMayWait) {
  std::promise<void> ran;
  const auto pool = ThreadPool::create(1, 0);
  ASSERT_TRUE(pool->submit([&] { ran.set_value(); }));
  ran.get_future().wait();
}

TEST(ThreadPool, RunsTasksOfSeveralThreadsAtTheSameTime) {
  std::promise<void> first, second, done;
  const auto pool = ThreadPool::create(2, 0);
  ASSERT_TRUE(pool->submit([&] {
    first.set_value();
    second.get_future().wait();
    done.set_value();
  }));
  ASSERT_TRUE(pool->submit([&] {
    first.get_future().wait();
    second.set_value();
  }));
  done.get_future().wait();  // each needed the other
}

TEST(ThreadPool, KeepsWhatThreadStartReturnedUntilTheThreadEnds) {
  std::weak_ptr<void> scope;
  std::promise<bool> alive;
  {
    const auto pool = ThreadPool::create(1, 1, [&] {
      auto made = std::make_shared<int>(7);
      scope = made;
      return made;
    });
    ASSERT_TRUE(pool->submit([&] { alive.set_value(!scope.expired()); }));
    EXPECT_TRUE(alive.get_future().get());
  }
  EXPECT_TRUE(scope.expired());
}

TEST(ThreadPool, EndWaitsForTheRunningAndDropsTheWaiting) {
  std::promise<void> started;
  std::promise<void> gate;
  std::atomic<bool> finished = false;
  std::atomic<bool> waiting_ran = false;
  auto pool = ThreadPool::create(1, 1);
  ASSERT_TRUE(pool->submit([&] {
    started.set_value();
    gate.get_future().wait();
    finished = true;
  }));
  started.get_future().wait();
  const auto held = std::make_shared<int>(1);
  ASSERT_TRUE(pool->submit([&, held] { waiting_ran = true; }));
  std::thread ender([&] { pool.reset(); });
  while (held.use_count() > 1) std::this_thread::yield();  // the waiting task was dropped
  EXPECT_FALSE(finished);
  gate.set_value();
  ender.join();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(waiting_ran);
}

}  // namespace
}  // namespace nexus::loop
