#include "nexus/sandbox/linear_memory.h"

#include <cstring>
#include <numeric>

#include "nexus/sandbox/sandbox_fixture_internal.h"

namespace nexus::sandbox {
namespace {

// The loop of a test that writes is the guest: its write faults are handled as a run's.
class LinearMemoryTest : public testing::Test {
 protected:
  static constexpr std::size_t kPages = 256;

  LinearMemoryTest() {
    std::vector<std::uint8_t> bytes(kPages * LinearMemory::page_size());
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    auto image = BaseImage::create(bytes);
    EXPECT_TRUE(image.ok());
    image_ = std::move(image).take();
    common_ = std::make_unique<CommonPages>(kPages);
    memory_ = make();
    thread_state()->memory = memory_.get();
    thread_state()->in_guest = 1;
  }
  ~LinearMemoryTest() override { thread_state()->in_guest = 0; }

  std::unique_ptr<LinearMemory> make() {
    auto memory = LinearMemory::create(Bounds::kGuardPages);
    EXPECT_TRUE(memory.ok());
    EXPECT_TRUE(memory.value()->map(*image_, common_.get()).ok());
    return std::move(memory).take();
  }

  void write(std::size_t page) { ++memory_->data()[page * LinearMemory::page_size() + page]; }

  void expect_reset() {
    ASSERT_TRUE(memory_->reset());
    ASSERT_EQ(memory_->size(), image_->size());
    EXPECT_EQ(std::memcmp(memory_->data(), image_->data(), image_->size()), 0);
  }

  const ThreadScope thread_;
  std::unique_ptr<BaseImage> image_;
  std::unique_ptr<CommonPages> common_;
  std::unique_ptr<LinearMemory> memory_;
};

TEST_F(LinearMemoryTest, IsTheImageAgainAfterAnyNumberOfWrites) {
  for (const std::size_t stride : {1u, 2u, 3u, 17u})
    for (const std::size_t count : {1u, 15u, 16u, 80u, 160u, 161u, 256u}) {
      for (std::size_t i = 0; i < count; ++i) write(i * stride % kPages);
      expect_reset();
      EXPECT_LE(memory_->resident_count(), LinearMemory::kMaxKeptPages);
      EXPECT_EQ(memory_->private_bytes(), memory_->resident_count() * LinearMemory::page_size());
    }
}

TEST_F(LinearMemoryTest, PagesThatNobodyWritesAnyMoreLeaveTheSet) {
  for (std::size_t page = 0; page < 40; page += 4) write(page);
  expect_reset();
  EXPECT_EQ(memory_->resident_count(), 10u);
  for (int run = 0; run < 1000; ++run) {
    write(7);
    expect_reset();
  }
  EXPECT_THAT(memory_->resident_pages(), testing::ElementsAre(7));
}

TEST_F(LinearMemoryTest, WritesInOrderFaultLessAndLess) {
  for (std::size_t page = 100; page < 104; ++page) write(page);
  // One page, then two, then four.
  EXPECT_EQ(memory_->resident_count(), 7u);
  expect_reset();
}

TEST_F(LinearMemoryTest, ANewMemoryStartsWithWhatMostRunsWrite) {
  for (int run = 0; run < 1000; ++run) {
    write(3);
    write(9);
    if (run == 500) write(50);
    expect_reset();
  }
  EXPECT_THAT(make()->resident_pages(), testing::UnorderedElementsAre(3, 9));
  ASSERT_TRUE(memory_->remap());
  EXPECT_THAT(memory_->resident_pages(), testing::UnorderedElementsAre(3, 9));
  expect_reset();
}

TEST_F(LinearMemoryTest, GrownMemoryIsCountedAndGivenBack) {
  ASSERT_TRUE(memory_->grow(65536));
  std::memset(memory_->data() + image_->size(), 1, 65536);
  EXPECT_EQ(memory_->private_bytes(), 65536u);
  expect_reset();
  EXPECT_EQ(memory_->private_bytes(), 0u);
  ASSERT_TRUE(memory_->grow(65536));
  EXPECT_EQ(std::count(memory_->data() + image_->size(), memory_->data() + memory_->size(), 0), 65536);
}

TEST(CommonPages, ForgetsWhatRunsNoLongerWriteAndKeepsWithinItsBound) {
  CommonPages common(100);
  common.learn(std::vector<std::uint32_t>{5, 1000});
  EXPECT_THAT(common.get(), testing::ElementsAre(5));
  std::vector<std::uint32_t> all(100);
  std::iota(all.begin(), all.end(), 0u);
  for (int i = 0; i < 50; ++i) common.learn(all);
  EXPECT_EQ(common.get().size(), CommonPages::kMax);
  for (int i = 0; i < 50; ++i) common.learn({});
  EXPECT_TRUE(common.get().empty());
}

}  // namespace
}  // namespace nexus::sandbox
