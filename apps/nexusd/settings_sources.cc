#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "nexus/base/closest.h"
#include "settings_table.h"
#include "settings_text.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

// Variables of the environment that differ from a setting by a letter or two, or have the project's
// name in front. Warnings, since the environment is shared with other programs.
std::string misspelling(const std::string& variable, const std::vector<std::string_view>& names) {
  std::string_view bare = variable;
  const bool is_ours = bare.starts_with("NEXUS_");
  if (is_ours) bare.remove_prefix(6);
  constexpr std::size_t kShortest = 8;  // shorter names resemble too many others
  if (!is_ours && bare.size() < kShortest) return {};
  return std::string(nexus::closest(bare, names));
}

// What the flags say besides settings.
struct Flags {
  bool print_config = false;
  bool print_config_doc = false;
  bool print_settings = false;
  bool healthcheck = false;
  std::string config;
  std::optional<Farewell> farewell;
};

Result<Flags> read_flags(int argc, const char* const* argv, GivenValues& given) {
  CLI::App app{"Serves Nexus panels over HTTP and WebSocket.", "nexusd"};
  app.set_version_flag("--version", "nexusd " NEXUSD_VERSION);
  app.footer("Each setting is also an environment variable, see --print-config; options win.");
  Flags flags;
  app.add_flag("--print-config", flags.print_config,
               "print all settings and where they come from, and end");
  app.add_flag("--print-config-doc", flags.print_config_doc, "print docs/CONFIG.md, and end");
  app.add_flag("--print-settings", flags.print_settings,
               "print the table of settings as JSON, and end");
  app.add_flag("--healthcheck", flags.healthcheck,
               "ask the server that runs with these settings whether it is ready, and end with 0 or 1");
  app.add_option("--config", flags.config, "TOML file with settings, http_port = 3000 and so on");
  std::map<std::string_view, std::string> texts;
  for (const auto& setting : table()) {
    if (setting.flag.empty()) continue;
    const std::string help = fmt::format("{} [{}]", setting.help, show(setting, Settings{}));
    std::string& text = texts[setting.name];
    const bool is_switch = std::holds_alternative<Switch>(setting.value);
    if (is_switch)
      app.add_flag(std::string(setting.flag), text, help)->default_str("");
    else
      app.add_option(std::string(setting.flag), text, help);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.farewell = Farewell{app.help()};
  } catch (const CLI::CallForVersion& call) {
    flags.farewell = Farewell{std::string(call.what()) + "\n"};
  } catch (const CLI::Error& error) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{}; see nexusd --help", error.what())};
  }
  for (const auto& setting : table())
    if (!texts[setting.name].empty())
      given[setting.name] = {texts[setting.name],
                             fmt::format("{} ({})", setting.name, setting.flag)};
  return flags;
}

}  // namespace

void read_environment(const Environment& environment, GivenValues& given,
                      std::vector<std::string>& warnings) {
  const auto text_of = [&](std::string_view name) -> std::string {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::vector<std::string_view> names;
  for (const auto& setting : table()) {
    for (const auto name : {setting.old_name, setting.name})
      if (const std::string text = text_of(name); !name.empty() && !text.empty())
        given[setting.name] = {text, std::string(name)};
    names.push_back(setting.name);
    if (!setting.old_name.empty()) names.push_back(setting.old_name);
  }
  if (text_of("NODE_ENV") == "production" && text_of("LOG_FORMAT").empty())
    given["LOG_FORMAT"] = {"json", "NODE_ENV"};
  for (const auto& [variable, text] : environment) {
    if (std::find(names.begin(), names.end(), variable) != names.end()) continue;
    // What orchestrators set for a service of the name "nexus".
    if (text.starts_with("tcp://")) continue;
    const std::string meant = misspelling(variable, names);
    if (!meant.empty())
      warnings.push_back(fmt::format("{} is not a setting; did you mean {}?", variable, meant));
  }
}

std::vector<Change> changes(const Settings& before, const Settings& after) {
  std::vector<Change> found;
  for (const auto& setting : table())
    if (!equal(setting, before, after)) found.push_back({setting.name, setting.reloadable});
  return found;
}

Settings take_reloadable(const Settings& before, const Settings& after) {
  Settings merged = before;
  for (const auto& setting : table())
    if (setting.reloadable) copy(setting, after, merged);
  return merged;
}

Result<Order> read_settings(int argc, const char* const* argv, const Environment& environment) {
  Settings settings;
  GivenValues flagged;
  NX_TRY(Flags flags, read_flags(argc, argv, flagged));
  if (flags.farewell) return Order(std::move(*flags.farewell));
  if (flags.print_config_doc) return Order(Farewell{config_document()});
  if (flags.print_settings) return Order(Farewell{settings_json()});
  GivenValues given;
  const auto named = environment.find("NEXUS_CONFIG");
  if (flags.config.empty() && named != environment.end()) flags.config = named->second;
  if (!flags.config.empty()) NX_TRY_VOID(read_config_file(flags.config, given));
  read_environment(environment, given, settings.warnings);
  for (auto& [name, value] : flagged) given[name] = std::move(value);
  for (const auto& setting : table()) {
    const auto found = given.find(setting.name);
    if (found != given.end()) NX_TRY_VOID(store(setting, found->second, settings));
  }
  NX_TRY_VOID(reconcile(given, settings));
  settings.config_file = flags.config;
  if (flags.healthcheck) return Order(HealthCheck{std::move(settings)});
  if (flags.print_config) return Order(Farewell{config_values(settings, given)});
  return Order(std::move(settings));
}

}  // namespace nexusd
