#include "nexus/auth/rate_limiter.h"

#include <gtest/gtest.h>

namespace nexus::auth {
namespace {

using std::chrono::milliseconds;

TEST(RateLimiter, LetsABurstThroughAndThenTheRate) {
  RateLimiter limiter(10);
  const Clock::Steady start{};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limiter.admit("a", start)) << i;
  EXPECT_EQ(limiter.admit("a", start), milliseconds(100));
  EXPECT_FALSE(limiter.admit("b", start)) << "callers do not share";
  EXPECT_EQ(limiter.admit("a", start + milliseconds(60)), milliseconds(40));
  EXPECT_FALSE(limiter.admit("a", start + milliseconds(100)));
  EXPECT_TRUE(limiter.admit("a", start + milliseconds(100)));
}

TEST(RateLimiter, SavesUpNoMoreThanOneBurst) {
  RateLimiter limiter(1);
  const Clock::Steady start{};
  EXPECT_FALSE(limiter.admit("a", start));
  const auto later = start + std::chrono::hours(1);
  EXPECT_FALSE(limiter.admit("a", later));
  EXPECT_FALSE(limiter.admit("a", later));
  EXPECT_TRUE(limiter.admit("a", later));
}

TEST(RateLimiter, RemembersABoundedNumberOfCallers) {
  RateLimiter limiter(1, 3);
  const Clock::Steady start{};
  for (const char* caller : {"a", "b", "c", "a", "d"}) limiter.admit(caller, start);
  EXPECT_EQ(limiter.callers(), 3u);
  EXPECT_TRUE(limiter.admit("a", start)) << "was kept, its third request at once";
  EXPECT_FALSE(limiter.admit("b", start)) << "was dropped";
}

}  // namespace
}  // namespace nexus::auth
