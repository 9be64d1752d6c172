#pragma once

#include <string>

#include "settings_table.h"

namespace nexusd {

// A line for each setting: NAME=value and where the value comes from. Secrets are masked.
std::string config_values(const Settings& settings, const GivenValues& given);

// The table for programs that check what they set, such as Kubernetes manifests, as JSON: {"settings":[{"name",
// "aliases":[...],"flag"?,"fileKey","kind","min"?,"max"?,"words"?,"default"?,"reloadable","help"}]}.
std::string settings_json();

// docs/CONFIG.md.
std::string config_document();

}  // namespace nexusd
