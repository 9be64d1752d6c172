#include "nexus/sandbox/instance_pool.h"

#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "nexus/sandbox/sandbox_fixture_internal.h"

namespace nexus::sandbox {
namespace {

using std::chrono::hours;

class InstancePoolTest : public testing::Test {
 protected:
  InstancePoolTest() {
    auto made = Sandbox::create({});
    EXPECT_TRUE(made.ok());
    sandbox_ = std::move(made).take();
  }

  void make(const InstancePool::Options& options) {
    auto made = InstancePool::create(*sandbox_, options);
    ASSERT_TRUE(made.ok()) << made.error().message;
    pool_ = std::move(made).take();
  }

  InstancePool::Lease lease() {
    auto made = pool_->lease(Clock::now() + hours(1));
    NX_CHECK(made.ok());
    return std::move(made).take();
  }

  void until_waiting(std::uint32_t count) const {
    while (pool_->counts().waiting != count) std::this_thread::yield();
  }

  static std::string compiled(Instance& instance, std::string source) {
    RecordingHost host;
    host.slots[NX_SLOT_SOURCE] = std::move(source);
    NX_CHECK(instance.call(Export::kCompile, {}, host, budget()).value == NX_RUN_DONE);
    NX_CHECK(instance.restore());
    return host.outputs[NX_OUT_CODE];
  }

  // Calls `source` on a leased instance, with an hour to run.
  static Exit run(Instance& instance, std::string source) {
    RecordingHost host;
    host.slots[NX_SLOT_CODE] = compiled(instance, std::move(source));
    return instance.call(Export::kRun, {}, host, budget(hours(1)));
  }

  const ThreadScope thread_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<InstancePool> pool_;
};

TEST_F(InstancePoolTest, MakesItsMinimumAtOnceAndNeverMoreThanItsMaximum) {
  make({.min = 2, .max = 3});
  EXPECT_EQ(pool_->counts().available, 2u);
  EXPECT_EQ(pool_->counts().created, 2u);
  EXPECT_FALSE(pool_->warm_up_failure());
  const auto a = lease();
  const auto b = lease();
  EXPECT_EQ(pool_->counts().created, 2u);
  const auto c = lease();
  EXPECT_EQ(pool_->counts().created, 3u);
  EXPECT_EQ(pool_->counts().active, 3u);
  EXPECT_EQ(pool_->lease(Clock::now()).error().code, ErrorCode::kResourceLimit);
  EXPECT_EQ(pool_->counts().active, 3u);
  EXPECT_EQ(pool_->counts().waiting, 0u);
}

TEST_F(InstancePoolTest, RefusesImpossibleBounds) {
  for (const InstancePool::Options& bad : {InstancePool::Options{.min = 0, .max = 0}, {.min = 4, .max = 3}}) {
    const auto made = InstancePool::create(*sandbox_, bad);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(InstancePoolTest, TheMostRecentlyUsedInstanceIsTakenFirst) {
  make({.min = 2, .max = 2});
  std::optional<InstancePool::Lease> a(lease());
  std::optional<InstancePool::Lease> b(lease());
  Instance* const last = &**b;
  a.reset();
  b.reset();
  EXPECT_EQ(&*lease(), last);
  EXPECT_EQ(&*lease(), last);
}

TEST_F(InstancePoolTest, AThreadPrefersTheInstanceThatItUsedItself) {
  make({.min = 2, .max = 2});
  std::optional<InstancePool::Lease> mine(lease());
  Instance* const used_here = &**mine;
  std::promise<void> taken;
  std::promise<void> given_back;
  std::thread other([&] {
    const ThreadScope scope;
    const auto theirs = lease();
    taken.set_value();
    given_back.get_future().wait();
  });
  taken.get_future().wait();
  mine.reset();
  given_back.set_value();
  other.join();
  EXPECT_EQ(&*lease(), used_here);
}

TEST_F(InstancePoolTest, ALapsedWaitNamesTheBoundAndTheWait) {
  make({.min = 0, .max = 1});
  const auto only = lease();
  const auto refused = pool_->lease(Clock::now() + milliseconds(3));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceLimit);
  EXPECT_THAT(refused.error().message, testing::MatchesRegex("all 1 sandbox instances were busy for [0-9]+ ms.*"));
}

TEST_F(InstancePoolTest, WaitersAreServedInTheOrderOfTheirArrival) {
  make({.min = 1, .max = 1});
  std::optional<InstancePool::Lease> only(lease());
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([this, i, &mutex, &order] {
      const ThreadScope thread;
      const auto mine = lease();
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    until_waiting(static_cast<std::uint32_t>(i + 1));
  }
  // Who arrives now does not overtake those in line.
  EXPECT_FALSE(pool_->lease(Clock::now()).ok());
  only.reset();
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(pool_->counts().created, 1u);
}

TEST_F(InstancePoolTest, AReturnedInstanceIsPristineWhateverEndedItsRun) {
  make({.min = 1, .max = 1});
  for (const char* source : {"return 1", "throw 1", "globalThis.x = 1; await $ext.a.b()",
                             "const a = []; for (;;) a.push(new Array(1e4).fill(1))"}) {
    Instance* used;
    {
      auto mine = lease();
      used = &*mine;
      run(*used, source);
    }
    auto next = lease();
    EXPECT_EQ(&*next, used) << source;
    EXPECT_EQ(next->difference_to_pristine(), "") << source;
  }
  EXPECT_EQ(pool_->counts().replaced, 0u);
}

TEST_F(InstancePoolTest, IdleInstancesAboveTheMinimumGoAndTheirMemoryWithThem) {
  make({.min = 1, .max = 4, .idle_time = hours(1)});
  const std::uint64_t one = pool_->counts().memory_bytes;
  EXPECT_GT(one, 0u);
  {
    const auto a = lease();
    const auto b = lease();
    const auto c = lease();
    EXPECT_EQ(pool_->counts().memory_bytes, 3 * one);
  }
  EXPECT_TRUE(pool_->trim(Clock::now()));
  EXPECT_EQ(pool_->counts().available, 3u);
  EXPECT_FALSE(pool_->trim(Clock::now() + hours(2)));
  EXPECT_EQ(pool_->counts().available, 1u);
  EXPECT_EQ(pool_->counts().retired, 2u);
  EXPECT_EQ(pool_->counts().memory_bytes, one);
}

TEST_F(InstancePoolTest, APeakIsForgottenWithoutFurtherTraffic) {
  make({.min = 1, .max = 4, .idle_time = milliseconds(1)});
  for (int round = 0; round < 3; ++round) {
    {
      const auto a = lease();
      const auto b = lease();
    }
    while (pool_->counts().available > 1) std::this_thread::yield();
  }
  EXPECT_EQ(pool_->counts().retired, 3u);
}

TEST_F(InstancePoolTest, AnIdleInstanceGivesBackWhatALargeRunLeftIt) {
  make({.min = 1, .max = 1, .idle_time = hours(1)});
  const std::uint64_t fresh = pool_->counts().memory_bytes;
  run(*lease(), "const a = []; for (let i = 0; i < 2000; i++) a.push({i}); return a.length");
  if (lease()->memory().tracks_writes()) {
    EXPECT_GT(pool_->counts().memory_bytes, fresh);
  }
  EXPECT_TRUE(pool_->trim(Clock::now()));
  EXPECT_FALSE(pool_->trim(Clock::now() + hours(2)));
  EXPECT_EQ(pool_->counts().available, 1u);
  EXPECT_LE(pool_->counts().memory_bytes, fresh + 4 * LinearMemory::page_size());
  EXPECT_EQ(lease()->difference_to_pristine(), "");
}

TEST_F(InstancePoolTest, TheMemoryOfARunIsCountedWhileItRunsAndGivenBackAfterwards) {
  make({.min = 1, .max = 1});
  const std::uint64_t before = pool_->counts().memory_bytes;
  {
    auto mine = lease();
    run(*mine, "return new Uint8Array(8 << 20).length");
    // The heap's free room in the image takes a part of the 8 MiB, and counts from the start where all is copied.
    EXPECT_GT(pool_->counts().memory_bytes, before + (7u << 20));
    EXPECT_GT(mine->memory_peak(), std::size_t{8} << 20);
  }
  EXPECT_LE(pool_->counts().memory_bytes, before + LinearMemory::kMaxKeptPages * LinearMemory::page_size());
}

// A limit on address space `more` bytes above what the process has; below, nothing can be mapped at all.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(std::int64_t more) {
    getrlimit(RLIMIT_AS, &before_);
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit now = before_;
    now.rlim_cur = pages * LinearMemory::page_size() + static_cast<std::uint64_t>(more);
    NX_CHECK(setrlimit(RLIMIT_AS, &now) == 0);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_;
};

TEST_F(InstancePoolTest, WarmingThatFailsAfterTheFirstInstanceIsAWarning) {
  const AddressSpaceLimit limit(std::int64_t{12} << 30);
  make({.min = 3, .max = 3});
  ASSERT_TRUE(pool_->warm_up_failure());
  EXPECT_EQ(pool_->warm_up_failure()->code, ErrorCode::kWasmError);
  EXPECT_EQ(pool_->counts().available, 1u);
  const auto first = lease();
  // A lease that cannot be served gives its permit back.
  EXPECT_EQ(pool_->lease(Clock::now() + hours(1)).error().code, ErrorCode::kWasmError);
  EXPECT_EQ(pool_->counts().active, 1u);
}

TEST_F(InstancePoolTest, WithoutEvenOneInstanceThereIsNoPool) {
  const AddressSpaceLimit limit(std::int64_t{1} << 30);
  const auto made = InstancePool::create(*sandbox_, {.min = 1, .max = 1});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kWasmError);
}

TEST_F(InstancePoolTest, AnInstanceThatCannotBeRestoredIsTerminatedAndReplaced) {
  make({.min = 1, .max = 1});
  if (!lease()->memory().tracks_writes())
    GTEST_SKIP() << "checked memory is restored without asking the system for anything";
  const auto run_over_time = [](Instance& instance) {
    RecordingHost host;
    host.slots[NX_SLOT_CODE] = compiled(instance, "while (true);");
    EXPECT_EQ(instance.call(Export::kRun, {}, host, budget(milliseconds(1))).stop, StopReason::kTimeout);
  };
  auto alone = sandbox_->new_instance();
  ASSERT_TRUE(alone.ok());
  run_over_time(**alone);
  std::optional<InstancePool::Lease> mine(lease());
  run_over_time(**mine);
  {
    // After a stop the image is mapped anew, which the system now refuses.
    const AddressSpaceLimit limit(-(std::int64_t{1} << 30));
    EXPECT_FALSE((*alone)->restore());
    mine.reset();
  }
  EXPECT_EQ((*alone)->state(), InstanceState::kTerminated);
  EXPECT_FALSE((*alone)->restore()) << "for good";
  InstancePool::Counts counts = pool_->counts();
  EXPECT_EQ(counts.replaced, 1u);
  EXPECT_EQ(counts.active, 0u);
  EXPECT_EQ(counts.available, 0u);
  EXPECT_EQ(counts.memory_bytes, 0u);
  {
    auto next = lease();
    EXPECT_EQ(next->difference_to_pristine(), "");
    EXPECT_EQ(run(*next, "return 1").value, unsigned{NX_RUN_DONE});
  }
  counts = pool_->counts();
  EXPECT_EQ(counts.created, 2u);
  EXPECT_EQ(counts.available, 1u);
}

TEST_F(InstancePoolTest, ShutdownEndsWaitersAndRunsAndRefusesLeases) {
  make({.min = 2, .max = 2});
  std::atomic<int> running = 0;
  std::vector<std::thread> runners;
  std::array<StopReason, 2> reasons{};
  // A loop that the poll sees, and one built-in that it does not where only the signal helps.
#if defined(__SANITIZE_THREAD__)
  const std::array sources{"while (true);", "for (;;);"};
#else
  const std::array sources{"while (true);", "new Array(4294967295).join('x')"};
#endif
  for (std::size_t i = 0; i < reasons.size(); ++i)
    runners.emplace_back([this, i, &reasons, &running, &sources] {
      const ThreadScope thread;
      auto mine = lease();
      RecordingHost host;
      host.slots[NX_SLOT_CODE] = compiled(*mine, sources[i]);
      ++running;
      reasons[i] = mine->call(Export::kRun, {}, host, budget(hours(1), 256 << 20)).stop;
    });
  while (running != 2) std::this_thread::yield();
  std::optional<ErrorCode> waited;
  std::thread waiter([this, &waited] {
    const ThreadScope thread;
    const auto refused = pool_->lease(Clock::now() + hours(1));
    if (!refused.ok()) waited = refused.error().code;
  });
  until_waiting(1);
  pool_->shutdown();
  waiter.join();
  for (std::thread& runner : runners) runner.join();
  EXPECT_EQ(waited, ErrorCode::kCancelled);
  EXPECT_THAT(reasons, testing::Each(StopReason::kCancelled));
  EXPECT_EQ(pool_->lease(Clock::now() + hours(1)).error().code, ErrorCode::kCancelled);
  const InstancePool::Counts counts = pool_->counts();
  EXPECT_EQ(counts.active, 0u);
  EXPECT_EQ(counts.available, 0u);
  EXPECT_EQ(counts.memory_bytes, 0u);
  EXPECT_EQ(counts.retired, counts.created);
}

TEST_F(InstancePoolTest, ManyThreadsShareFewInstancesAndTheCountsAddUp) {
  make({.min = 1, .max = 2, .idle_time = milliseconds(0)});
  std::atomic<int> together = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([this, &together, &most] {
      const ThreadScope thread;
      for (int round = 0; round < 50; ++round) {
        const auto mine = lease();
        const int now = ++together;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
        const InstancePool::Counts counts = pool_->counts();
        EXPECT_LE(counts.active, 2u);
        EXPECT_LE(counts.waiting, 5u);
        --together;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_EQ(pool_->counts().active, 0u);
  EXPECT_EQ(pool_->counts().created - pool_->counts().retired, pool_->counts().available);
}

}  // namespace
}  // namespace nexus::sandbox
