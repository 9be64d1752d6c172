#include "settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <limits>

#include "nexus/extension/http_policy.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

constexpr std::uint64_t kKilobyte = 1024;
constexpr std::uint64_t kMegabyte = 1024 * kKilobyte;
constexpr std::uint64_t kGigabyte = 1024 * kMegabyte;

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
using Value = std::variant<Whole, Bytes, Text, Choice, Switch, Names, OptionalNames>;

struct Setting {
  std::string_view name;      // of the environment variable, and in messages
  std::string_view old_name;  // of the source documents, accepted all the same; or empty
  std::string_view flag;
  Value value;
  std::string_view help;
};

const std::vector<Setting>& table() {
  static const std::vector<Setting> settings = {
      {"HTTP_PORT", "PORT", "--http-port", Whole{&Settings::http_port, 0, 65535},
       "port of pages and HTTP interface; 0 takes a free one"},
      {"WS_PORT", "", "--ws-port", Whole{&Settings::ws_port, 0, 65535},
       "second port that accepts WebSockets; 0 takes a free one"},
      {"HOST", "", "--host", Text{&Settings::host}, "address to listen on"},
      {"NEXUS_INSECURE", "", "--insecure", Switch{&Settings::insecure},
       "listen on a HOST that other machines reach, without authentication"},
      {"PANELS_DIR", "", "--panels", Text{&Settings::panels},
       "directory whose *.nxml files are loaded at start"},
      {"WEB_DIR", "", "--web", Text{&Settings::web}, "directory of the built pages"},
      {"DATA_DIR", "", "--data-dir", Text{&Settings::data_dir}, "directory for everything durable"},
      {"CACHE_DIR", "", "--cache-dir", Text{&Settings::cache_dir},
       "directory for compiled handlers; several servers may share it"},
      {"CACHE_KEY_FILE", "", "--cache-key-file", Text{&Settings::cache_key_file},
       "file with the secret of at least 32 bytes that seals compiled handlers; not set: one is "
       "made in CACHE_DIR"},
      {"CACHE_MEMORY", "", "--cache-memory",
       Bytes{&Settings::cache_memory, kMegabyte, 64 * kGigabyte},
       "memory for compiled handlers, for example 64mb"},
      {"CACHE_DISK", "", "--cache-disk", Bytes{&Settings::cache_disk, 0, 1024 * kGigabyte},
       "disk for compiled handlers, for example 64mb; 0 keeps them in memory only"},
      {"LOG_LEVEL", "", "--log-level",
       Choice{&Settings::log_level, {"debug", "info", "warn", "error"}},
       "least level that is logged"},
      {"DEBUG_ERRORS", "", "--debug-errors", Switch{&Settings::debug_errors},
       "send stack, location and snippet of errors to clients"},
      {"MAX_PANELS", "", "--max-panels", Whole{&Settings::max_panels, 1, 100'000},
       "panels at once"},
      {"MAX_INSTANCES", "", "--max-instances", Whole{&Settings::max_instances, 1, 1024},
       "sandboxes, and so handlers that run at once"},
      {"MIN_INSTANCES", "", "--min-instances", Whole{&Settings::min_instances, 0, 1024},
       "sandboxes made at start; at most MAX_INSTANCES"},
      {"MAX_SUSPENDED", "", "--max-suspended", Whole{&Settings::max_suspended, 1, 1'000'000},
       "runs that wait for an extension at once"},
      {"TIMEOUT_MS", "HANDLER_TIMEOUT_MS", "--timeout-ms",
       Whole{&Settings::timeout_ms, 100, 3'600'000},
       "running time of one handler run, waiting excluded"},
      {"MEMORY_LIMIT_MB", "WASM_MEMORY_LIMIT", "--memory-limit-mb",
       Whole{&Settings::memory_limit_mb, 1, 512}, "memory of one sandbox"},
      {"MAX_HOST_CALLS", "", "--max-host-calls", Whole{&Settings::max_host_calls, 1, 1'000'000},
       "host calls of one handler run"},
      {"SUSPENSION_TIMEOUT_MS", "", "--suspension-timeout-ms",
       Whole{&Settings::suspension_timeout_ms, 2, 86'400'000},
       "how long a run may wait for an extension; more than HTTP_TIMEOUT"},
      {"BODY_LIMIT", "", "--body-limit", Bytes{&Settings::body_limit, kKilobyte, 64 * kMegabyte},
       "largest request body, for example 512kb"},
      {"ALLOWED_HOSTS", "", "--allowed-hosts", Names{&Settings::allowed_hosts},
       "names accepted in the Host header besides HOST's own, by commas"},
      {"CORS_ORIGINS", "", "--cors-origins", Names{&Settings::cors_origins},
       "foreign origins whose pages may call, by commas; * is all"},
      {"HTTP_TIMEOUT", "", "--http-timeout", Whole{&Settings::http_timeout, 1, 3'600'000},
       "milliseconds for one call of the http extension, body included"},
      {"HTTP_MAX_CONCURRENT", "", "--http-max-concurrent",
       Whole{&Settings::http_max_concurrent, 1, 1000}, "calls of the http extension at once"},
      {"HTTP_ALLOWED_DOMAINS", "", "--http-allowed-domains",
       OptionalNames{&Settings::http_allowed_domains},
       "hosts the http extension may call, by commas; not set: every public one"},
      {"HTTP_ALLOW_PRIVATE_HOSTS", "", "--http-allow-private-hosts",
       Names{&Settings::http_allow_private_hosts},
       "host:port entries the http extension may call although their address is private, by "
       "commas"},
  };
  return settings;
}

// What was given for each setting, and where; what is not in here keeps its default.
struct Given {
  std::string text;
  std::string source;  // "HTTP_PORT" or "--http-port"
};
using GivenValues = std::map<std::string_view, Given>;

Error bad(std::string_view source, std::string_view text, const std::string& expected) {
  return {ErrorCode::kInvalidArgument, fmt::format("{}: \"{}\" is not {}", source, text, expected)};
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "1048576", "512kb" or "1mb".
std::optional<std::uint64_t> parse_bytes(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::uint64_t unit = 1;
  if (text.ends_with("kb")) unit = kKilobyte;
  if (text.ends_with("mb")) unit = kMegabyte;
  if (unit != 1) text.resize(text.size() - 2);
  const auto number = parse_whole(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() / unit) return std::nullopt;
  return *number * unit;
}

Result<std::vector<std::string>> parse_names(const Given& given) {
  std::vector<std::string> names;
  std::string_view rest = given.text;
  for (;;) {
    const auto comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty())
      return bad(given.source, given.text, "a list by commas without empty entries");
    names.emplace_back(name);
    if (comma == std::string_view::npos) return names;
    rest.remove_prefix(comma + 1);
  }
}

// Stores one given text in `settings`; one overload for each kind of value.
struct Store {
  const Given& given;
  Settings& settings;

  Result<void> operator()(const Whole& value) const {
    const auto number = parse_whole(given.text);
    if (!number || *number < value.min || *number > value.max)
      return bad(given.source, given.text,
                 fmt::format("a whole number from {} to {}", value.min, value.max));
    settings.*value.member = *number;
    return {};
  }
  Result<void> operator()(const Bytes& value) const {
    const auto number = parse_bytes(given.text);
    if (!number || *number < value.min || *number > value.max)
      return bad(
          given.source, given.text,
          fmt::format("a size from {} to {} bytes, such as 512kb or 1mb", value.min, value.max));
    settings.*value.member = *number;
    return {};
  }
  Result<void> operator()(const Text& value) const {
    settings.*value.member = given.text;
    return {};
  }
  Result<void> operator()(const Choice& value) const {
    if (std::find(value.words.begin(), value.words.end(), given.text) == value.words.end())
      return bad(given.source, given.text, fmt::format("one of {}", fmt::join(value.words, ", ")));
    settings.*value.member = given.text;
    return {};
  }
  Result<void> operator()(const Switch& value) const {
    if (given.text != "true" && given.text != "false")
      return bad(given.source, given.text, "true or false");
    settings.*value.member = given.text == "true";
    return {};
  }
  Result<void> operator()(const Names& value) const {
    NX_TRY(settings.*value.member, parse_names(given));
    return {};
  }
  Result<void> operator()(const OptionalNames& value) const {
    NX_TRY(settings.*value.member, parse_names(given));
    return {};
  }
};

// The text that would give a setting its present value.
struct Show {
  const Settings& settings;

  std::string operator()(const Whole& value) const {
    return std::to_string(settings.*value.member);
  }
  std::string operator()(const Bytes& value) const {
    return std::to_string(settings.*value.member);
  }
  std::string operator()(const Text& value) const { return settings.*value.member; }
  std::string operator()(const Choice& value) const { return settings.*value.member; }
  std::string operator()(const Switch& value) const {
    return settings.*value.member ? "true" : "false";
  }
  std::string operator()(const Names& value) const {
    return fmt::format("{}", fmt::join(settings.*value.member, ","));
  }
  std::string operator()(const OptionalNames& value) const {
    const auto& names = settings.*value.member;
    return names ? fmt::format("{}", fmt::join(*names, ",")) : std::string();
  }
};

GivenValues read_environment(const Environment& environment) {
  GivenValues given;
  for (const auto& setting : table())
    for (const auto name : {setting.old_name, setting.name}) {
      const char* text = name.empty() ? nullptr : environment(std::string(name).c_str());
      if (text != nullptr && *text != '\0') given[setting.name] = {text, std::string(name)};
    }
  return given;
}

// What the flags say besides settings.
struct Flags {
  bool print_config = false;
  std::optional<Farewell> farewell;
};

Result<Flags> read_flags(int argc, const char* const* argv, GivenValues& given) {
  CLI::App app{"Serves Nexus panels over HTTP and WebSocket.", "nexusd"};
  app.set_version_flag("--version", "nexusd " NEXUSD_VERSION);
  app.footer("Each setting is also an environment variable, see --print-config; options win.");
  Flags flags;
  app.add_flag("--print-config", flags.print_config,
               "print all settings and where they come from, and end");
  std::map<std::string_view, std::string> texts;
  for (const auto& setting : table()) {
    const std::string help =
        fmt::format("{} [{}]", setting.help, std::visit(Show{Settings{}}, setting.value));
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

bool is_loopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

Result<void> check_host_lists(const Settings& settings) {
  using nexus::extension::HttpPolicy;
  const auto name_it = [](std::string_view name, const Error& error) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, error.message)};
  };
  const auto domains = HttpPolicy::create(settings.http_allowed_domains, {});
  if (!domains.ok()) return name_it("HTTP_ALLOWED_DOMAINS", domains.error());
  const auto hosts = HttpPolicy::create({}, settings.http_allow_private_hosts);
  if (!hosts.ok()) return name_it("HTTP_ALLOW_PRIVATE_HOSTS", hosts.error());
  return {};
}

// What must hold between settings. A default gives way to what was given.
Result<void> reconcile(const GivenValues& given, Settings& settings) {
  if (!given.contains("MIN_INSTANCES"))
    settings.min_instances = std::min(settings.min_instances, settings.max_instances);
  if (settings.min_instances > settings.max_instances)
    return bad("MIN_INSTANCES", std::to_string(settings.min_instances),
               fmt::format("at most MAX_INSTANCES, which is {}", settings.max_instances));
  if (!given.contains("HTTP_TIMEOUT"))
    settings.http_timeout = std::min(settings.http_timeout, settings.suspension_timeout_ms - 1);
  if (!given.contains("SUSPENSION_TIMEOUT_MS"))
    settings.suspension_timeout_ms =
        std::max(settings.suspension_timeout_ms, settings.http_timeout + 1);
  if (settings.suspension_timeout_ms <= settings.http_timeout)
    return bad("SUSPENSION_TIMEOUT_MS", std::to_string(settings.suspension_timeout_ms),
               fmt::format("more than HTTP_TIMEOUT, which is {}", settings.http_timeout));
  if (settings.http_port == settings.ws_port && settings.http_port != 0)
    return bad("WS_PORT", std::to_string(settings.ws_port), "another port than HTTP_PORT");
  NX_TRY_VOID(check_host_lists(settings));
  if (!is_loopback(settings.host) && !settings.insecure)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("HOST: \"{}\" is reachable from other machines and this server has no "
                             "authentication; give --insecure to accept that, or use 127.0.0.1",
                             settings.host)};
  return {};
}

std::string describe(const Settings& settings, const GivenValues& given) {
  std::string text;
  for (const auto& setting : table()) {
    const auto source = given.find(setting.name);
    text += fmt::format("{}={}  # {}\n", setting.name, std::visit(Show{settings}, setting.value),
                        source == given.end() ? "default" : source->second.source);
  }
  return text;
}

}  // namespace

Result<std::variant<Settings, Farewell>> read_settings(int argc, const char* const* argv,
                                                       const Environment& environment) {
  using Answer = std::variant<Settings, Farewell>;
  GivenValues given = read_environment(environment);
  NX_TRY(Flags flags, read_flags(argc, argv, given));
  if (flags.farewell) return Answer(std::move(*flags.farewell));
  Settings settings;
  for (const auto& setting : table()) {
    const auto found = given.find(setting.name);
    if (found != given.end())
      NX_TRY_VOID(std::visit(Store{found->second, settings}, setting.value));
  }
  NX_TRY_VOID(reconcile(given, settings));
  if (flags.print_config) return Answer(Farewell{describe(settings, given)});
  return Answer(std::move(settings));
}

}  // namespace nexusd
