#include "nexus/engine/engine_fixture_internal.h"

#include <thread>

namespace nexus::engine {
namespace {

TEST_F(EngineTest, TheSecondRunOfAHandlerUsesTheCache) {
  EXPECT_FALSE(run("return 'cache me'").metrics.cache_hit);
  EXPECT_TRUE(run("return 'cache me'").metrics.cache_hit);
  EXPECT_EQ(engine_->stats().cache_memory_hits, 1u);
  EXPECT_EQ(engine_->stats().cache_misses, 1u);
}

TEST_F(EngineTest, MetricsTellWhatTheRunDid) {
  const Outcome outcome = run("$state.count++; $emit('a'); $emit('b'); const x = new Array(1e5).fill(1); $log(x.length)");
  EXPECT_EQ(outcome.metrics.host_calls.at("__nexus_emit_event"), 2u);
  EXPECT_EQ(outcome.metrics.host_calls.at("__nexus_state_set"), 1u);
  EXPECT_GT(outcome.metrics.duration_us, 0);
  EXPECT_GT(outcome.metrics.memory_used_bytes, 50'000u);
  EXPECT_GE(outcome.metrics.memory_peak_bytes, outcome.metrics.memory_used_bytes);
  EXPECT_EQ(engine_->stats().host_calls.at("__nexus_emit_event"), 2u);
  EXPECT_EQ(engine_->stats().errors.at("TIMEOUT"), 0u);
}

TEST_F(EngineTest, ShutdownEndsEverything) {
  const Outcome first = run("await $ext.api.get()");
  engine_->shutdown();
  EXPECT_EQ(answer(first, 0, nullptr).error->code, ErrorCode::kInvalidSuspension);
  EXPECT_EQ(run("return 1").error->code, ErrorCode::kCancelled);
}

TEST_F(EngineTest, ThreadsRunSideBySideWithoutSeeingEachOther) {
  auto work = [this](int n) {
    const sandbox::ThreadScope thread;
    for (int i = 0; i < 100; ++i) {
      RunRequest r = request("Object.prototype.toString = () => '" + std::to_string(n) +
                             "'; const a = await $ext.api.get(); return [a, Number(`${{}}`)]");
      const Outcome first = run(std::move(r));
      ASSERT_EQ(first.status, Status::kSuspended);
      ASSERT_EQ(result(answer(first, 0, n)), "[" + std::to_string(n) + "," + std::to_string(n) + "]");
    }
  };
  std::thread one(work, 1);
  std::thread two(work, 2);
  one.join();
  two.join();
}

}  // namespace
}  // namespace nexus::engine
