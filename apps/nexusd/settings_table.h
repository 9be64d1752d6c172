#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/value/value.h"
#include "settings.h"

// The one table of settings and the steps from it to Settings; for the settings_*.cc files alone.
namespace nexusd {

// The kinds of value. Each knows its member and its bounds.
struct Whole {
  std::uint64_t Settings::*member;
  std::uint64_t min, max;
};
struct Bytes {
  std::uint64_t Settings::*member;
  std::uint64_t min, max;
};
struct Text {
  std::string Settings::*member;
};
// Never shown, and no option: other users see the options of a running program.
struct Secret {
  std::string Settings::*member;
};
struct Choice {
  std::string Settings::*member;
  std::vector<std::string_view> words;
};
struct Switch {
  bool Settings::*member;
};
struct Names {
  std::vector<std::string> Settings::*member;
};
struct OptionalNames {
  std::optional<std::vector<std::string>> Settings::*member;
};
using Value = std::variant<Whole, Bytes, Text, Secret, Choice, Switch, Names, OptionalNames>;

struct Setting {
  std::string_view name;      // of the environment variable, and in messages
  std::string_view old_name;  // of the source documents, accepted all the same; or empty
  std::string_view flag;      // empty for secrets
  Value value;
  std::string_view help;
  bool reloadable = false;  // takes effect at SIGHUP, else at the next start
};

// All of them, in the order in which they are shown.
const std::vector<Setting>& table();

// What was given for each setting, and where; what is not in here keeps its default.
struct Given {
  std::string text;
  std::string source;  // "HTTP_PORT" or "--http-port"
};
using GivenValues = std::map<std::string_view, Given>;

// settings_values.cc

nexus::Error bad(std::string_view source, std::string_view text, const std::string& expected);
// Stores one given text. Error: one line that names source, value and range.
nexus::Result<void> store(const Setting& setting, const Given& given, Settings& settings);
// Whether two Settings agree in one setting.
bool equal(const Setting& setting, const Settings& a, const Settings& b);
// Copies one setting.
void copy(const Setting& setting, const Settings& from, Settings& to);
// The text that would give a setting its present value; of a secret only whether there is one.
std::string show(const Setting& setting, const Settings& settings);
// What may be given, for docs/CONFIG.md: "whole number, 1 to 65535".
std::string describe_values(const Setting& setting);
// The same for programs: {"kind":"whole","min":1,"max":65535}, {"kind":"choice","words":[...]}.
nexus::value::Object value_facts(const Setting& setting);
// "http_port": the name in the configuration file.
std::string file_key(std::string_view name);

// settings_sources.cc

// Adds what the environment has over what `given` holds, and a warning for each variable that looks
// like a misspelt setting.
void read_environment(const Environment& environment, GivenValues& given,
                      std::vector<std::string>& warnings);

// settings_file.cc

// Adds what the TOML file at `path` has. Error: one line that names file, line, key and what is
// wrong.
nexus::Result<void> read_config_file(const std::string& path, GivenValues& given);

// settings_checks.cc

// What must hold between settings. A default gives way to what was given.
nexus::Result<void> reconcile(const GivenValues& given, Settings& settings);

}  // namespace nexusd
