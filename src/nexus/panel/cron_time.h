#pragma once

#include <optional>
#include <string>

#include "nexus/base/clock.h"
#include "nexus/nxml/cron.h"

namespace nexus::panel {

// Whether the time zone database has `zone`, for example "Europe/Berlin". Any thread.
bool is_time_zone(const std::string& zone);

// The first time after `after` that `schedule` names in `zone`, which must exist; nullopt when there
// is none within 28 years. A local time that the clocks skip counts as the moment they skip it; one
// that they show twice counts the first time, unless every hour is in the schedule. Any thread.
std::optional<Clock::Wall> next_cron_time(const nxml::CronSchedule& schedule,
                                          const std::string& zone, Clock::Wall after);

}  // namespace nexus::panel
