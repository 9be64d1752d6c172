#include "nexus/sandbox/sandbox_fixture_internal.h"

namespace nexus::sandbox {
namespace {

class SnapshotTest : public SandboxTest {};

TEST_P(SnapshotTest, ASuspendedRunGoesOnFromItsSnapshotInAnotherInstance) {
  const auto sandbox = make();
  const auto first = instance_of(*sandbox);
  const auto second = instance_of(*sandbox);
  RecordingHost host;
  compile(*first, host, "const text = 'kept'; const answer = await $ext.a.b(); return [text, answer]");
  ASSERT_EQ(run(*first, host).value, unsigned{NX_RUN_PENDING});
  const Snapshot snapshot = first->snapshot();
  EXPECT_LT(snapshot.bytes(), 16u * 1024);
  expect_pristine(*first);

  ASSERT_TRUE(second->load(snapshot, budget().memory_bytes).ok());
  host.slots[NX_SLOT_ANSWER] = "\x07";
  EXPECT_EQ(second->call(Export::kResume, {0, 1}, host, budget()).value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(host.outputs[NX_OUT_RESULT], "\x92\xa4kept\x07");
  expect_pristine(*second);
}

TEST_P(SnapshotTest, ADamagedOrForeignSnapshotIsRefused) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "await $ext.a.b()");
  ASSERT_EQ(run(*instance, host).value, unsigned{NX_RUN_PENDING});
  const Snapshot good = instance->snapshot();

  Snapshot foreign = good;
  foreign.image_hash[0] ^= 1;
  Snapshot short_one = good;
  short_one.packed.resize(short_one.packed.size() / 2);
  Snapshot many_pages = good;
  many_pages.pages += 1;
  Snapshot huge = good;
  huge.memory_bytes = std::uint64_t{1} << 40;
  for (const Snapshot& bad : {foreign, short_one, many_pages, huge}) {
    const auto loaded = instance->load(bad, std::size_t{1} << 50);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidSuspension);
    expect_pristine(*instance);
  }
  EXPECT_TRUE(instance->load(good, budget().memory_bytes).ok());
}


TEST_P(SnapshotTest, ARunWithMoreMemoryThanItsLimitIsNotLoaded) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "const kept = new Uint8Array(8 << 20).fill(1); await $ext.a.b(); return kept[0]");
  ASSERT_EQ(run(*instance, host).value, unsigned{NX_RUN_PENDING});
  const Snapshot snapshot = instance->snapshot();
  // Limits are rounded up to whole WebAssembly pages.
  EXPECT_TRUE(instance->load(snapshot, snapshot.memory_bytes - 1).ok());
  const auto too_large = instance->load(snapshot, snapshot.memory_bytes - 65536);
  ASSERT_FALSE(too_large.ok());
  EXPECT_EQ(too_large.error().code, ErrorCode::kMemoryLimit);
  expect_pristine(*instance);
}

INSTANTIATE_TEST_SUITE_P(Translations, SnapshotTest, testing::ValuesIn(built_translations()), name_of);

}  // namespace
}  // namespace nexus::sandbox
