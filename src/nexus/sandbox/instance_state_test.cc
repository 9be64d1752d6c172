#include "nexus/sandbox/instance_state.h"

#include <gtest/gtest.h>

#include "nexus/sandbox/sandbox_fixture_internal.h"

namespace nexus::sandbox {
namespace {

using enum InstanceState;

constexpr std::array kStates{kIdle, kExecuting, kSuspended, kStopped, kTerminated};
static_assert(kStates.size() == kInstanceStateCount);

// The promises of the table, each said of every pair.
TEST(InstanceStateTable, EveryPairIsAsPromised) {
  for (const InstanceState from : kStates) {
    for (const InstanceState to : kStates) {
      const Transition way = transition(from, to);
      const auto pair = ::testing::Message() << to_string(from) << " to " << to_string(to);
      if (from == kTerminated) {
        EXPECT_EQ(way, Transition::kNone) << pair;
      } else if (to == kTerminated) {
        EXPECT_EQ(way, Transition::kTerminate) << pair;
      } else if (from == kStopped) {
        EXPECT_EQ(way, to == kIdle ? Transition::kRestoreWhole : Transition::kNone) << pair;
      } else if (to == kIdle) {
        EXPECT_EQ(way, Transition::kReset) << pair;
      } else if (to == kExecuting) {
        EXPECT_EQ(way, Transition::kCall) << pair;
      } else if (to == kSuspended) {
        EXPECT_EQ(way, Transition::kSuspend) << pair;
      } else {
        EXPECT_EQ(way, from == kExecuting ? Transition::kStop : Transition::kNone) << pair;
      }
    }
  }
}

class InstanceStateTest : public SandboxTest {};

TEST_P(InstanceStateTest, AnInstanceFollowsTheTable) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  EXPECT_EQ(instance->state(), kIdle);
  RecordingHost host;
  compile(*instance, host, "await $ext.a.b(); while (true);");
  EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_PENDING});
  EXPECT_EQ(instance->state(), kExecuting);
  const Snapshot snapshot = instance->snapshot();
  EXPECT_EQ(instance->state(), kSuspended);
  EXPECT_TRUE(instance->restore());
  EXPECT_EQ(instance->state(), kIdle);
  ASSERT_TRUE(instance->load(snapshot, budget().memory_bytes).ok());
  EXPECT_EQ(instance->state(), kSuspended);
  host.slots[NX_SLOT_ANSWER] = "\x07";
  EXPECT_EQ(instance->call(Export::kResume, {0, 1}, host, budget(milliseconds(20))).stop, StopReason::kTimeout);
  EXPECT_EQ(instance->state(), kStopped);
  EXPECT_TRUE(instance->restore());
  EXPECT_EQ(instance->state(), kIdle);
  EXPECT_EQ(instance->difference_to_pristine(), "");
}

// It returned, but what it left behind is as little trusted as what a trap leaves.
TEST_P(InstanceStateTest, ARunOverItsPromiseJobsIsStopped) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "for (;;) await 0;");
  Budget jobs = budget();
  jobs.promise_jobs = 100;
  EXPECT_EQ(run(*instance, host, jobs).stop, StopReason::kJobLimit);
  EXPECT_EQ(instance->state(), kStopped);
  EXPECT_TRUE(instance->restore());
  EXPECT_EQ(instance->difference_to_pristine(), "");
}

TEST_P(InstanceStateTest, AStoppedRunIsNeverEnteredAgain) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const auto sandbox = make();
        const auto instance = instance_of(*sandbox);
        RecordingHost host;
        compile(*instance, host, "while (true);");
        run(*instance, host, budget(milliseconds(20)));
        run(*instance, host);
      },
      "check failed");
}

INSTANTIATE_TEST_SUITE_P(Translations, InstanceStateTest, testing::ValuesIn(built_translations()), name_of);

}  // namespace
}  // namespace nexus::sandbox
