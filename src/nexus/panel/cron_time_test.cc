#include "nexus/panel/cron_time.h"

#include <gtest/gtest.h>

#include <ctime>
#include <ostream>
#include <string>
#include <vector>

#include "nexus/panel/messages.h"

namespace nexus::panel {
namespace {

Clock::Wall at(const std::string& iso) {
  std::tm parts{};
  EXPECT_NE(strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts), nullptr) << iso;
  return Clock::Wall{std::chrono::seconds{timegm(&parts)}};
}

struct Case {
  const char* expression;
  const char* zone;
  const char* after;
  std::vector<const char*> next;

  // The name of the case: its bytes, which differ from run to run, would be otherwise.
  friend std::ostream& operator<<(std::ostream& out, const Case& shown) {
    return out << shown.expression << " in " << shown.zone << " after " << shown.after;
  }
};

class CronTime : public testing::TestWithParam<Case> {};

TEST_P(CronTime, NamesTheNextTimes) {
  const auto schedule = nxml::parse_cron(GetParam().expression);
  ASSERT_TRUE(schedule.ok());
  Clock::Wall now = at(GetParam().after);
  for (const char* expected : GetParam().next) {
    const auto next = next_cron_time(*schedule, GetParam().zone, now);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(iso_time(*next), expected);
    now = *next;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, CronTime,
    testing::Values(
        Case{"*/15 * * * *",
             "UTC",
             "2026-01-01T00:14:59Z",
             {"2026-01-01T00:15:00.000Z", "2026-01-01T00:30:00.000Z"}},
        Case{"0 0 * * *", "UTC", "2026-12-31T00:00:00Z", {"2027-01-01T00:00:00.000Z"}},
        Case{"0 9 * * mon-fri", "UTC", "2026-11-20T10:00:00Z", {"2026-11-23T09:00:00.000Z"}},
        Case{"0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", {"2028-02-29T00:00:00.000Z"}},
        // Either day field, when both are limited.
        Case{"0 0 13 * fri",
             "UTC",
             "2026-11-07T00:00:00Z",
             {"2026-11-13T00:00:00.000Z", "2026-11-20T00:00:00.000Z"}},
        Case{"30 9 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", {"2026-07-01T07:30:00.000Z"}},
        Case{"30 9 * * *", "Asia/Kolkata", "2026-07-01T00:00:00Z", {"2026-07-01T04:00:00.000Z"}},
        // 2026-03-29: Berlin skips 02:00 to 03:00, which is 01:00 UTC.
        Case{"30 2 * * *",
             "Europe/Berlin",
             "2026-03-28T12:00:00Z",
             {"2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"}},
        Case{"*/30 2 * * *",
             "Europe/Berlin",
             "2026-03-29T00:30:00Z",
             {"2026-03-29T01:00:00.000Z", "2026-03-30T00:00:00.000Z"}},
        // 2026-10-25: Berlin shows 02:00 to 03:00 twice, from 00:00 and from 01:00 UTC.
        Case{"30 2 * * *",
             "Europe/Berlin",
             "2026-10-24T12:00:00Z",
             {"2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"}},
        Case{"30 * * * *",
             "Europe/Berlin",
             "2026-10-25T00:00:00Z",
             {"2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z", "2026-10-25T02:30:00.000Z"}},
        // Half an hour of daylight saving, and a day that never was.
        Case{"15 2 * * *",
             "Australia/Lord_Howe",
             "2026-10-03T12:00:00Z",
             {"2026-10-03T15:30:00.000Z"}},
        Case{
            "0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", {"2011-12-30T10:00:00.000Z"}}));

TEST(CronZones, AreThoseOfTheDatabase) {
  EXPECT_TRUE(is_time_zone("UTC"));
  EXPECT_TRUE(is_time_zone("America/New_York"));
  EXPECT_FALSE(is_time_zone("Mars/Olympus"));
  EXPECT_FALSE(is_time_zone("../../etc/passwd"));
  EXPECT_FALSE(is_time_zone(""));
}

}  // namespace
}  // namespace nexus::panel
