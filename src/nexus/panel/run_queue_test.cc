#include "nexus/panel/run_queue.h"

#include <gtest/gtest.h>

namespace nexus::panel {
namespace {

std::shared_ptr<Run> make_run(std::string name) {
  return std::make_shared<Run>(std::move(name), false, nullptr, [](Result<ExecutionResult>) {});
}

Turn start(std::string name) { return StartTurn{make_run(std::move(name)), {}}; }

std::string name_of(const std::optional<Turn>& turn) {
  if (!turn) return "nobody";
  if (const auto* begin = std::get_if<StartTurn>(&*turn)) return begin->run->handler();
  if (const auto* later = std::get_if<ResumeTurn>(&*turn)) return "again " + later->run->handler();
  return "write";
}

bool admit(RunQueue& queue, Turn turn) { return queue.admit(turn); }

TEST(RunQueue, OneTurnAtATimeInOrderOfArrival) {
  RunQueue queue(10);
  EXPECT_EQ(name_of(queue.next()), "nobody");
  ASSERT_TRUE(admit(queue, start("a")));
  ASSERT_TRUE(admit(queue, WriteTurn{}));
  EXPECT_EQ(name_of(queue.next()), "a");
  EXPECT_EQ(name_of(queue.next()), "nobody") << "a's turn is not over";
  queue.finish();
  EXPECT_EQ(name_of(queue.next()), "write");
}

TEST(RunQueue, AnAnswerWaitsItsTurnLikeEverybody) {
  RunQueue queue(10);
  ASSERT_TRUE(admit(queue, start("a")));
  queue.resume({make_run("b"), "s", {}});
  ASSERT_TRUE(admit(queue, start("c")));
  std::vector<std::string> order;
  while (const auto turn = queue.next()) {
    order.push_back(name_of(turn));
    queue.finish();
  }
  EXPECT_EQ(order, (std::vector<std::string>{"a", "again b", "c"}));
}

TEST(RunQueue, NewcomersAreBoundedAndAnswersAreNot) {
  RunQueue queue(2);
  EXPECT_TRUE(admit(queue, start("a")));
  EXPECT_TRUE(admit(queue, WriteTurn{}));
  Turn third = start("c");
  EXPECT_FALSE(queue.admit(third));
  EXPECT_EQ(name_of(std::optional<Turn>(std::move(third))), "c")
      << "a refused turn is left as it was";
  queue.resume({make_run("d"), "s", {}});
  ASSERT_TRUE(queue.next().has_value());
  EXPECT_TRUE(admit(queue, start("e"))) << "the one whose turn it is no longer waits";
  EXPECT_FALSE(admit(queue, start("f")));
}

TEST(RunQueue, QueuesThatShareAQuotaHaveOneBound) {
  const auto shared = std::make_shared<Quota>(Quota{3, 0});
  RunQueue first(2, shared);
  {
    RunQueue second(2, shared);
    EXPECT_TRUE(admit(first, start("a")));
    EXPECT_TRUE(admit(second, start("b")));
    EXPECT_TRUE(admit(second, start("c")));
    EXPECT_FALSE(admit(first, start("d")));
    EXPECT_FALSE(first.full()) << "the others are in its way";
    ASSERT_TRUE(second.next());
    EXPECT_TRUE(admit(first, start("d"))) << "what is under way does not wait";
    first.admit_anyway(start("unmount"));
    EXPECT_EQ(shared->waiting, 4u);
  }
  EXPECT_EQ(shared->waiting, 3u) << "a queue that is gone leaves nothing behind";
  first.drain();
  EXPECT_EQ(shared->waiting, 0u);
}

TEST(RunQueue, ATurnThatWasPutBackIsTheNextOne) {
  RunQueue queue(2);
  ASSERT_TRUE(admit(queue, start("a")));
  ASSERT_TRUE(admit(queue, start("b")));
  auto turn = queue.next();
  queue.put_back(std::move(*turn));
  EXPECT_FALSE(admit(queue, start("c"))) << "and counts as waiting again";
  EXPECT_EQ(name_of(queue.next()), "a");
}

TEST(RunQueue, DrainingLeavesTheTurnUnderWay) {
  RunQueue queue(3);
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(admit(queue, start(name)));
  ASSERT_TRUE(queue.next().has_value());
  EXPECT_EQ(queue.drain().size(), 2u);
  EXPECT_TRUE(queue.busy());
  queue.finish();
  EXPECT_EQ(name_of(queue.next()), "nobody");
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(admit(queue, start(name)));
}

TEST(RunQueue, FinishingNothingIsABug) {
  RunQueue queue(1);
  EXPECT_DEATH(queue.finish(), "check failed");
}

}  // namespace
}  // namespace nexus::panel
