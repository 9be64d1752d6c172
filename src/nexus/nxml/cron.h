#pragma once

#include <cstdint>
#include <string_view>

#include "nexus/base/result.h"

namespace nexus::nxml {

// The times that a cron expression names, as sets of bits: bit n of `hours` is the hour n. Local
// times of whatever zone the expression is read in.
struct CronSchedule {
  std::uint64_t minutes = 0;   // 0 to 59
  std::uint32_t hours = 0;     // 0 to 23
  std::uint32_t days = 0;      // of the month, 1 to 31
  std::uint32_t months = 0;    // 1 to 12
  std::uint32_t weekdays = 0;  // 0 to 6, Sunday is 0

  // Whether the day and the weekday field start with a star. As cron has it: when both are limited
  // a day counts if either matches, otherwise if both do.
  bool any_day = false;
  bool any_weekday = false;

  // Whether a day with these numbers is in the schedule; the month counts too.
  bool has_day(int month, int day, int weekday) const;
};

// Reads five fields: minute, hour, day of month, month, weekday. A field is a list by commas of
// `*`, a number, a range `a-b`, each with an optional step `/n`; months and weekdays may be named
// by three English letters in any case, and Sunday is 0 or 7. The error names the field and what it
// takes; an expression that no day ever matches (30 February) is one too. Pure, any thread.
Result<CronSchedule> parse_cron(std::string_view expression);

}  // namespace nexus::nxml
