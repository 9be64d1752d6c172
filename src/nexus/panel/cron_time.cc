#include "nexus/panel/cron_time.h"

#include <date/date.h>
#include <date/tz.h>

#include <algorithm>
#include <exception>

namespace nexus::panel {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kMaxDays = 28 * 366;  // the calendar repeats after 28 years
constexpr std::uint32_t kEveryHour = (1u << 24) - 1;

// nullptr when the database has no such zone; the library throws.
const date::time_zone* find_zone(const std::string& zone) {
  try {
    return date::locate_zone(zone);
  } catch (const std::exception&) {
    return nullptr;
  }
}

bool has_day(const nxml::CronSchedule& schedule, date::local_days day) {
  const date::year_month_day date{day};
  return schedule.has_day(static_cast<int>(static_cast<unsigned>(date.month())),
                          static_cast<int>(static_cast<unsigned>(date.day())),
                          static_cast<int>(date::weekday{day}.c_encoding()));
}

// The earlier of `first` and `candidate`, if that comes after `after`.
void improve(std::optional<date::sys_seconds>& first, date::sys_seconds candidate,
             date::sys_seconds after) {
  if (candidate > after && (!first || candidate < *first)) first = candidate;
}

std::optional<date::sys_seconds> first_of_day(const nxml::CronSchedule& schedule,
                                              const date::time_zone& zone, date::local_days day,
                                              date::sys_seconds after) {
  std::optional<date::sys_seconds> first;
  for (int hour = 0; hour < 24; ++hour) {
    if ((schedule.hours >> hour & 1) == 0) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if ((schedule.minutes >> minute & 1) == 0) continue;
      const date::local_seconds local = day + hours{hour} + minutes{minute};
      const date::local_info info = zone.get_info(local);
      if (info.result == date::local_info::nonexistent) {
        improve(first, info.second.begin, after);
        continue;
      }
      improve(first, date::sys_seconds{local.time_since_epoch() - info.first.offset}, after);
      if (info.result == date::local_info::ambiguous && schedule.hours == kEveryHour)
        improve(first, date::sys_seconds{local.time_since_epoch() - info.second.offset}, after);
    }
  }
  return first;
}

}  // namespace

bool is_time_zone(const std::string& zone) { return find_zone(zone) != nullptr; }

std::optional<Clock::Wall> next_cron_time(const nxml::CronSchedule& schedule,
                                          const std::string& zone, Clock::Wall after) {
  const date::time_zone* const found = find_zone(zone);
  if (found == nullptr) return std::nullopt;
  const auto start = std::chrono::floor<seconds>(after);
  date::local_days day = date::floor<date::days>(found->to_local(start));
  for (int i = 0; i <= kMaxDays; ++i, day += date::days{1}) {
    if (!has_day(schedule, day)) continue;
    if (const auto first = first_of_day(schedule, *found, day, start)) return Clock::Wall{*first};
  }
  return std::nullopt;
}

}  // namespace nexus::panel
