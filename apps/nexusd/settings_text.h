#pragma once

#include <string>

#include "settings_table.h"

namespace nexusd {

// A line for each setting: NAME=value and where the value comes from. Secrets are masked.
std::string config_values(const Settings& settings, const GivenValues& given);

// docs/CONFIG.md.
std::string config_document();

}  // namespace nexusd
