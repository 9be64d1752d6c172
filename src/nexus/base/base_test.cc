#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "nexus/base/closest.h"
#include "nexus/base/random.h"
#include "nexus/base/rate_limit.h"
#include "nexus/base/result.h"
#include "nexus/base/sha256.h"

namespace nexus {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{ErrorCode::kInvalidArgument, "odd"};
  return n / 2;
}

Result<int> quarter(int n) {
  NX_TRY(const int once, half(n));
  NX_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, PassesValuesAndErrorsThrough) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(quarter(6).error().code, ErrorCode::kInvalidArgument);
}

TEST(ErrorCode, WireNamesAreUniqueAndStatusesAreHttp) {
  std::set<std::string_view> seen;
#define NX_ERROR_CODE(enumerator, wire, status, meaning)                      \
  EXPECT_TRUE(seen.insert(to_string(ErrorCode::enumerator)).second); \
  EXPECT_EQ(to_string(ErrorCode::enumerator), wire);                 \
  EXPECT_TRUE(http_status(ErrorCode::enumerator) >= 400 &&           \
              http_status(ErrorCode::enumerator) < 600);
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
}

TEST(Sha256, MatchesTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231 section 4.3.
TEST(HmacSha256, MatchesTheStandardsExample) {
  const std::string mac = hmac_sha256("Jefe", "what do ya want for nothing?");
  ASSERT_EQ(mac.size(), 32u);
  EXPECT_EQ(mac.substr(0, 4), "\x5b\xdc\xc1\x46");
  EXPECT_EQ(mac.substr(28), "\x64\xec\x38\x43");
  EXPECT_TRUE(same_secret(mac, hmac_sha256("Jefe", "what do ya want for nothing?")));
  EXPECT_FALSE(same_secret(mac, hmac_sha256("Jeff", "what do ya want for nothing?")));
  EXPECT_FALSE(same_secret(mac, mac.substr(1)));
}

TEST(RateLimit, LetsABurstThroughAndTellsHowManyItHeldBack) {
  using std::chrono::milliseconds;
  RateLimit limit(2, milliseconds(1000));
  const Clock::Steady start{};
  EXPECT_EQ(limit.admit(start), 0u);
  EXPECT_EQ(limit.admit(start), 0u);
  EXPECT_EQ(limit.admit(start), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(999)), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(1000)), 2u);
  EXPECT_EQ(limit.admit(start + milliseconds(1000)), 0u);
  EXPECT_EQ(limit.admit(start + milliseconds(1000)), std::nullopt);
}

TEST(Random, UuidHasTheVersion4Form) {
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string id = random_uuid();
    EXPECT_TRUE(std::regex_match(id, form)) << id;
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(Closest, FindsSlipsAndNothingElse) {
  EXPECT_EQ(closest("Buton", {"Text", "Button"}), "Button");
  EXPECT_EQ(closest("Buttno", {"Text", "Button"}), "Button");
  EXPECT_EQ(closest("TITLE", {"title"}), "title");
  EXPECT_EQ(closest("gop", {"gap"}), "gap");
  EXPECT_EQ(closest("go", {"gap"}), "");
  EXPECT_EQ(closest("h7", {"h1"}), "");
  EXPECT_EQ(closest("Metric", {"Button"}), "");
  EXPECT_EQ(closest("", {"a"}), "");
  EXPECT_EQ(closest(std::string(33, 'x'), {std::string(33, 'x')}), "");
}

}  // namespace
}  // namespace nexus
