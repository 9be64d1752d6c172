#include "nexus/engine/engine_fixture_internal.h"

#include <functional>
#include <thread>

namespace nexus::engine {
namespace {

// Calls back whenever the handler reads a key: the run is under way then.
class CallingState final : public StateView {
 public:
  explicit CallingState(std::function<void()> on_get) : on_get_(std::move(on_get)) {}
  const Value* get(std::string_view) const override {
    on_get_();
    return nullptr;
  }
  std::vector<std::string> keys() const override { return {"count"}; }
  Result<void> check_write(std::string_view, Value*) const override { return {}; }

 private:
  const std::function<void()> on_get_;
};

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

TEST_F(EngineTest, ARunUnderWayIsCancelledByShutdown) {
  engine_ = make_engine({.limits = {.timeout = std::chrono::hours(1)}});
  RunRequest r = request("try { $state.count; while (true); } finally { $state.name = 'kept' }");
  r.limits.timeout = std::chrono::hours(1);
  const CallingState state([this] { std::thread([this] { engine_->shutdown(); }).join(); });
  const Outcome outcome = engine_->execute(std::move(r), state);
  EXPECT_EQ(result(outcome), "CANCELLED: the engine is shutting down");
  EXPECT_TRUE(outcome.mutations.empty());
  EXPECT_EQ(engine_->stats().errors.at("CANCELLED"), 1u);
  EXPECT_EQ(engine_->stats().instances_active, 0u);
}

TEST_F(EngineTest, IdleRunningAndSuspendedAreCountedApart) {
  const auto expect_counts = [this](std::uint32_t idle, std::uint32_t running, std::uint32_t suspended) {
    const Stats stats = engine_->stats();
    EXPECT_EQ(stats.instances_available, idle);
    EXPECT_EQ(stats.instances_active, running);
    EXPECT_EQ(stats.runs_suspended, suspended);
    EXPECT_EQ(stats.instances_created, 1u);
    EXPECT_EQ(stats.suspended_bytes > 0, suspended > 0);
    EXPECT_GT(stats.total_memory_bytes, stats.suspended_bytes);
  };
  expect_counts(1, 0, 0);
  const Outcome first = run("await $ext.api.get()");
  expect_counts(1, 0, 1);
  const Outcome second = run("await Promise.all([$ext.api.get(), $ext.other.call()]); return $state.count");
  expect_counts(1, 0, 2);
  int looks = 0;
  const CallingState state([&] {
    ++looks;
    expect_counts(0, 1, 1);
  });
  const Outcome half = answer(second, 0, nullptr);
  ASSERT_EQ(half.status, Status::kSuspended);
  expect_counts(1, 0, 2);
  engine_->resume(half.suspensions[0].id, {.success = true, .value = {}, .error = {}}, state);
  EXPECT_EQ(looks, 1);
  expect_counts(1, 0, 1);
  EXPECT_TRUE(engine_->cancel(first.run_id));
  expect_counts(1, 0, 0);
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
