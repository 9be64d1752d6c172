#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/sandbox/watchdog.h"

namespace nexus::adversarial {

// A handler that tries to harm its host or its neighbours, and what must become of it. One file of this
// folder, which starts with comment lines:
//
//   // Attack: what it does
//   // expect: TIMEOUT | ok [1,"x"]
//   // within: 1500
//   // timeout: 200
//   // stops: flag, signal
//   // open: the defect that lets it succeed
//   // Why it matters: what a host without a defence would suffer
//
// `expect` lists the endings that are right: a code of error_codes.def, SUSPENDED, or "ok" and the return
// value as JSON ("ok undefined" without one). `within` bounds the whole run in milliseconds of a machine
// that is not too busy. `timeout` (optional) is the handler's time limit in milliseconds. `stops` (optional)
// names the means of design.md D5 each of which must end the attack while the other is switched off. `open`
// (optional) marks an attack that succeeds today: its tests are skipped, saying so, until the line is removed
// with the defect.
struct Attack {
  std::string name;    // of the file, without ".js"
  std::string source;  // of the handler: the whole file
  std::vector<std::string> expected;
  std::chrono::milliseconds within{};
  std::chrono::milliseconds timeout{};
  std::vector<sandbox::Watchdog::Means> stops;
  std::string open;
};

// Reads the comment lines of `source`. Error kInvalidArgument, naming the line, when one of the four that
// every file needs is missing, or when a line makes no sense.
Result<Attack> parse_attack(std::string name, std::string source);

// The attacks of `folder` in the order of their names. Aborts with the reason on stderr when a file cannot
// be read or parsed: a test that is skipped in silence is worse than none.
std::vector<Attack> load_attacks(const std::filesystem::path& folder);

}  // namespace nexus::adversarial
