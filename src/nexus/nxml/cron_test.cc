#include "nexus/nxml/cron.h"

#include <gtest/gtest.h>

#include <string>

namespace nexus::nxml {
namespace {

CronSchedule cron(const std::string& expression) {
  auto parsed = parse_cron(expression);
  if (!parsed.ok()) {
    ADD_FAILURE() << parsed.error().message;
    return {};
  }
  return *parsed;
}

std::string refusal(const std::string& expression) {
  auto parsed = parse_cron(expression);
  return parsed.ok() ? "" : parsed.error().message;
}

template <typename... Bits>
std::uint64_t bits(Bits... bit) {
  return (... | (std::uint64_t{1} << bit));
}

TEST(Cron, ReadsNumbersListsRangesAndSteps) {
  EXPECT_EQ(cron("5 * * * *").minutes, bits(5));
  EXPECT_EQ(cron("0,30 * * * *").minutes, bits(0, 30));
  EXPECT_EQ(cron("58-59 * * * *").minutes, bits(58, 59));
  EXPECT_EQ(cron("*/20 * * * *").minutes, bits(0, 20, 40));
  EXPECT_EQ(cron("10-30/10 * * * *").minutes, bits(10, 20, 30));
  EXPECT_EQ(cron("45/5 * * * *").minutes, bits(45, 50, 55));
  EXPECT_EQ(cron("1-2,7,50-51 * * * *").minutes, bits(1, 2, 7, 50, 51));
  EXPECT_EQ(cron("* * * * *").hours, (std::uint32_t{1} << 24) - 1);
  EXPECT_EQ(cron("* * 31 * *").days, bits(31));
  EXPECT_EQ(cron(" 0\t0  1 1   * ").months, bits(1));
}

TEST(Cron, ReadsNamesInAnyCase) {
  EXPECT_EQ(cron("0 0 1 jan,Jun-AUG *").months, bits(1, 6, 7, 8));
  EXPECT_EQ(cron("0 0 * * mon-fri").weekdays, bits(1, 2, 3, 4, 5));
  EXPECT_EQ(cron("0 0 * * fri-sun").weekdays, bits(5, 6, 0));
}

TEST(Cron, CallsSundayZeroOrSeven) {
  EXPECT_EQ(cron("0 0 * * 0").weekdays, bits(0));
  EXPECT_EQ(cron("0 0 * * 7").weekdays, bits(0));
  EXPECT_EQ(cron("0 0 * * 5-7").weekdays, bits(5, 6, 0));
  EXPECT_EQ(cron("0 0 * * *").weekdays, 0x7Fu);
}

// 13 March 2026 is a Friday, 12 March a Thursday.
TEST(Cron, TakesEitherDayFieldWhenBothAreLimited) {
  const CronSchedule both = cron("0 0 13 * fri");
  EXPECT_TRUE(both.has_day(3, 13, 5));
  EXPECT_TRUE(both.has_day(3, 13, 2));
  EXPECT_TRUE(both.has_day(3, 20, 5));
  EXPECT_FALSE(both.has_day(3, 12, 4));
  const CronSchedule weekday = cron("0 0 * 3 fri");
  EXPECT_TRUE(weekday.has_day(3, 20, 5));
  EXPECT_FALSE(weekday.has_day(3, 13, 2));
  EXPECT_FALSE(weekday.has_day(4, 20, 5));
  EXPECT_FALSE(cron("0 0 */2 * fri").has_day(3, 20, 5));
}

TEST(Cron, RefusesWhatIsNoSchedule) {
  for (const char* expression : {"",
                                 "* * * *",
                                 "* * * * * *",
                                 "60 * * * *",
                                 "* 24 * * *",
                                 "* * 0 * *",
                                 "* * 32 * *",
                                 "* * * 13 *",
                                 "* * * * 8",
                                 "-1 * * * *",
                                 "+1 * * * *",
                                 "5-1 * * * *",
                                 "*/0 * * * *",
                                 "*/60 * * * *",
                                 "1, * * * *",
                                 ",1 * * * *",
                                 "1-2-3 * * * *",
                                 "1/2/3 * * * *",
                                 "*-5 * * * *",
                                 "1.5 * * * *",
                                 "mon * * * *",
                                 "* * * monday *",
                                 "99999999999 * * * *",
                                 "@daily",
                                 "* * L * *"}) {
    EXPECT_NE(refusal(expression), "") << expression;
  }
  EXPECT_NE(refusal(std::string(300, '1') + " * * * *"), "");
}

TEST(Cron, SaysWhichFieldIsWrongAndWhatItTakes) {
  EXPECT_EQ(refusal("* 24 * * *"),
            "the hour field takes 0 to 23 as '*', 'a', 'a-b', with '/step', in a list by commas; "
            "not '24'");
}

TEST(Cron, RefusesDaysThatNoMonthHas) {
  EXPECT_NE(refusal("0 0 30 2 *"), "");
  EXPECT_NE(refusal("0 0 31 feb,apr *"), "");
  EXPECT_EQ(refusal("0 0 29 2 *"), "");
  EXPECT_EQ(refusal("0 0 30 2 mon"), "") << "Mondays in February do happen";
}

}  // namespace
}  // namespace nexus::nxml
