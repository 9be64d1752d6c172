#include "settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "nexus/value/json.h"
#include "settings_text.h"

namespace nexusd {
namespace {

using Variables = Environment;

nexus::Result<Order> read(std::vector<const char*> flags, Variables variables = {}) {
  flags.insert(flags.begin(), "nexusd");
  return read_settings(static_cast<int>(flags.size()), flags.data(), variables);
}

Settings settings(std::vector<const char*> flags, Variables variables = {}) {
  auto result = read(std::move(flags), std::move(variables));
  EXPECT_TRUE(result.ok()) << result.error().message;
  return result.ok() ? std::get<Settings>(*result) : Settings{};
}

std::string refusal(std::vector<const char*> flags, Variables variables = {}) {
  const auto result = read(std::move(flags), std::move(variables));
  EXPECT_FALSE(result.ok());
  if (result.ok()) return {};
  EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << "one line";
  return result.error().message;
}

std::string farewell(std::vector<const char*> flags, Variables variables = {}) {
  return std::get<Farewell>(*read(std::move(flags), std::move(variables))).text;
}

TEST(Settings, DefaultsNeedNothing) {
  const Settings plain = settings({});
  EXPECT_EQ(plain.http_port, 3000u);
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_FALSE(plain.http_allowed_domains.has_value());
}

TEST(Settings, FlagsBeatTheEnvironment) {
  EXPECT_EQ(settings({}, {{"HTTP_PORT", "4000"}}).http_port, 4000u);
  EXPECT_EQ(settings({"--http-port", "5000"}, {{"HTTP_PORT", "4000"}}).http_port, 5000u);
  EXPECT_EQ(settings({"--http-port=5000"}, {{"HTTP_PORT", "junk"}}).http_port, 5000u);
}

TEST(Settings, OldNamesAreTakenAndNewOnesBeatThem) {
  EXPECT_EQ(settings({}, {{"PORT", "4000"}}).http_port, 4000u);
  EXPECT_EQ(settings({}, {{"PORT", "4000"}, {"HTTP_PORT", "4001"}}).http_port, 4001u);
  EXPECT_EQ(settings({}, {{"HANDLER_TIMEOUT_MS", "700"}}).timeout_ms, 700u);
  EXPECT_EQ(settings({}, {{"WASM_MEMORY_LIMIT", "64"}}).memory_limit_mb, 64u);
  EXPECT_NE(refusal({}, {{"PORT", "x"}}).find("PORT: \"x\""), std::string::npos);
}

TEST(Settings, EmptyMeansNotSet) {
  EXPECT_EQ(settings({}, {{"HTTP_PORT", ""}}).http_port, 3000u);
  EXPECT_FALSE(settings({}, {{"HTTP_ALLOWED_DOMAINS", ""}}).http_allowed_domains.has_value());
}

TEST(Settings, EveryNumberIsHeldToItsRange) {
  EXPECT_EQ(refusal({}, {{"HTTP_PORT", "abc"}}),
            "HTTP_PORT: \"abc\" is not a whole number from 0 to 65535");
  EXPECT_EQ(refusal({"--http-port", "70000"}),
            "HTTP_PORT (--http-port): \"70000\" is not a whole number from 0 to 65535");
  for (const char* text : {"-1", "1.5", "3000x", " 3000", "0x10", "99999999999999999999"})
    EXPECT_NE(refusal({}, {{"WS_PORT", text}}).find("WS_PORT"), std::string::npos) << text;
  EXPECT_EQ(settings({}, {{"TIMEOUT_MS", "100"}}).timeout_ms, 100u);
  EXPECT_EQ(refusal({}, {{"TIMEOUT_MS", "99"}}),
            "TIMEOUT_MS: \"99\" is not a whole number from 100 to 3600000");
  EXPECT_NE(refusal({}, {{"MEMORY_LIMIT_MB", "0"}}).find("from 1"), std::string::npos);
}

TEST(Settings, SizesHaveUnits) {
  EXPECT_EQ(settings({}, {{"BODY_LIMIT", "512kb"}}).body_limit, 512u * 1024);
  EXPECT_EQ(settings({}, {{"BODY_LIMIT", "2MB"}}).body_limit, 2u << 20);
  EXPECT_EQ(settings({}, {{"BODY_LIMIT", "1024"}}).body_limit, 1024u);
  for (const char* text : {"1023", "65mb", "kb", "1gb", "99999999999999999mb"})
    EXPECT_NE(refusal({}, {{"BODY_LIMIT", text}}).find("BODY_LIMIT"), std::string::npos) << text;
}

TEST(Settings, TheCacheOfCompiledHandlersHasAPlaceAndTwoSizes) {
  EXPECT_EQ(settings({}).cache_dir, "/tmp/nexus-cache");
  EXPECT_EQ(settings({}).cache_memory, 64u << 20);
  EXPECT_EQ(settings({}, {{"CACHE_DISK", "0"}}).cache_disk, 0u);
  EXPECT_EQ(settings({"--cache-dir", "c", "--cache-disk", "8mb"}).cache_disk, 8u << 20);
  EXPECT_NE(refusal({}, {{"CACHE_MEMORY", "0"}}).find("CACHE_MEMORY"), std::string::npos);
}

TEST(Settings, WordsAndSwitchesAreHeldToTheirChoices) {
  EXPECT_EQ(settings({"--log-level", "debug"}).log_level, "debug");
  EXPECT_EQ(refusal({}, {{"LOG_LEVEL", "loud"}}),
            "LOG_LEVEL: \"loud\" is not one of debug, info, warn, error");
  EXPECT_TRUE(settings({"--debug-errors"}).debug_errors);
  EXPECT_TRUE(settings({}, {{"DEBUG_ERRORS", "true"}}).debug_errors);
  EXPECT_FALSE(settings({"--debug-errors=false"}, {{"DEBUG_ERRORS", "true"}}).debug_errors);
  EXPECT_EQ(refusal({}, {{"DEBUG_ERRORS", "yes"}}), "DEBUG_ERRORS: \"yes\" is not true or false");
}

TEST(Settings, ListsAreByCommas) {
  EXPECT_EQ(settings({}, {{"ALLOWED_HOSTS", "a.test, b.test"}}).allowed_hosts,
            (std::vector<std::string>{"a.test", "b.test"}));
  EXPECT_NE(refusal({}, {{"ALLOWED_HOSTS", "a.test,"}}).find("ALLOWED_HOSTS"), std::string::npos);
  EXPECT_EQ(settings({}, {{"HTTP_ALLOWED_DOMAINS", "a.test"}}).http_allowed_domains,
            (std::vector<std::string>{"a.test"}));
  EXPECT_EQ(refusal({}, {{"HTTP_ALLOW_PRIVATE_HOSTS", "localhost"}}),
            "HTTP_ALLOW_PRIVATE_HOSTS: \"localhost\" is not of the form host:port");
  EXPECT_EQ(refusal({}, {{"HTTP_ALLOWED_DOMAINS", "http://a.test"}}),
            "HTTP_ALLOWED_DOMAINS: \"http://a.test\" is not a host name");
}

TEST(Settings, WhatContradictsIsRefusedAndDefaultsGiveWay) {
  EXPECT_EQ(settings({}, {{"MAX_INSTANCES", "1"}}).min_instances, 1u);
  EXPECT_EQ(refusal({}, {{"MAX_INSTANCES", "1"}, {"MIN_INSTANCES", "2"}}),
            "MIN_INSTANCES: \"2\" is not at most MAX_INSTANCES, which is 1");
  EXPECT_EQ(settings({}, {{"SUSPENSION_TIMEOUT_MS", "1000"}}).http_timeout, 999u);
  EXPECT_EQ(settings({}, {{"HTTP_TIMEOUT", "90000"}}).suspension_timeout_ms, 90001u);
  EXPECT_EQ(refusal({}, {{"HTTP_TIMEOUT", "1000"}, {"SUSPENSION_TIMEOUT_MS", "1000"}}),
            "SUSPENSION_TIMEOUT_MS: \"1000\" is not more than HTTP_TIMEOUT, which is 1000");
  EXPECT_NE(refusal({"--ws-port", "3000"}).find("WS_PORT"), std::string::npos);
  EXPECT_EQ(settings({"--http-port", "0", "--ws-port", "0"}).ws_port, 0u);
}

TEST(Settings, AHostThatOthersReachNeedsConsent) {
  for (const char* host : {"0.0.0.0", "::", "192.168.1.1", "example.com"})
    EXPECT_NE(refusal({"--host", host}).find("--insecure"), std::string::npos) << host;
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"})
    EXPECT_EQ(settings({"--host", host}).host, host);
  EXPECT_EQ(settings({"--host", "0.0.0.0", "--insecure"}).host, "0.0.0.0");
}

TEST(Settings, UnknownOptionsAreNamed) {
  EXPECT_NE(refusal({"--no-such-option"}).find("--no-such-option"), std::string::npos);
  EXPECT_NE(refusal({"stray"}).find("stray"), std::string::npos);
  EXPECT_NE(refusal({"--http-port"}).find("--http-port"), std::string::npos);
}

TEST(Settings, HelpVersionAndConfigAreFarewells) {
  EXPECT_NE(farewell({"--help"}).find("--panels"), std::string::npos);
  EXPECT_NE(farewell({"--version"}).find("nexusd "), std::string::npos);
  const std::string config =
      farewell({"--print-config", "--ws-port", "4001"}, {{"HTTP_PORT", "4000"}});
  EXPECT_NE(config.find("HTTP_PORT=4000  # HTTP_PORT\n"), std::string::npos) << config;
  EXPECT_NE(config.find("WS_PORT=4001  # WS_PORT (--ws-port)\n"), std::string::npos) << config;
  EXPECT_NE(config.find("LOG_LEVEL=info  # default\n"), std::string::npos) << config;
  EXPECT_NE(refusal({"--print-config", "--ws-port", "x"}).find("WS_PORT"), std::string::npos);
}

// A configuration file that lives as long as this.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) { std::ofstream(path) << text; }
  ~ConfigFile() { std::remove(path.c_str()); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  const std::string path = testing::TempDir() + "nexusd-" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml";
};

constexpr const char* kSecret = "5f4dcc3b5aa765d61d8327deb882cf99";

TEST(ConfigFile, IsBelowTheEnvironmentAndAboveTheDefaults) {
  const ConfigFile file(
      "http_port = 4000\nws_port = 4001\nlog_level = 'debug'\ndebug_errors = true\n"
      "allowed_hosts = ['a.test', 'b.test']\nbody_limit = '2mb'\ntimeout_ms = 700\n");
  const Settings read =
      settings({"--config", file.path.c_str(), "--timeout-ms", "900"}, {{"WS_PORT", "5001"}});
  EXPECT_EQ(read.http_port, 4000u);
  EXPECT_EQ(read.ws_port, 5001u);
  EXPECT_EQ(read.timeout_ms, 900u);
  EXPECT_EQ(read.log_level, "debug");
  EXPECT_TRUE(read.debug_errors);
  EXPECT_EQ(read.body_limit, 2u << 20);
  EXPECT_EQ(read.allowed_hosts, (std::vector<std::string>{"a.test", "b.test"}));
  EXPECT_EQ(read.max_panels, 1000u);
  EXPECT_EQ(settings({}, {{"NEXUS_CONFIG", file.path}}).http_port, 4000u);
}

TEST(ConfigFile, MistakesAreNamedWithTheirLine) {
  const auto refused = [](const std::string& text) {
    const ConfigFile file(text);
    const std::string message = refusal({"--config", file.path.c_str()});
    return message.substr(message.find(".toml") + 5);
  };
  EXPECT_EQ(refused("\nhttp_prot = 1"),
            ":2: there is no setting \"http_prot\"; did you mean http_port?");
  EXPECT_EQ(refused("weather = 1"), ":1: there is no setting \"weather\"");
  EXPECT_EQ(refused("[server]\nhttp_port = 1"), ":1: there is no setting \"server\"");
  EXPECT_THAT(refused("http_port = 1.5"), testing::HasSubstr("http_port takes a text, a number"));
  EXPECT_THAT(refused("http_port = "), testing::StartsWith(":1: "));
  EXPECT_THAT(refused("a = 1\na = 2"), testing::StartsWith(":2: "));
  const ConfigFile file("\nhttp_port = 70000");
  EXPECT_THAT(refusal({"--config", file.path.c_str()}),
              testing::AllOf(testing::StartsWith("HTTP_PORT ("), testing::HasSubstr(".toml:2)"),
                             testing::HasSubstr("0 to 65535")));
  EXPECT_THAT(refusal({"--config", "/nowhere/nexus.toml"}),
              testing::HasSubstr("/nowhere/nexus.toml"));
}

TEST(Settings, MisspeltVariablesAreWarnedAbout) {
  const auto warnings = [](const char* variable, const char* text = "1") {
    return settings({}, {{variable, text}}).warnings;
  };
  EXPECT_EQ(warnings("HTTP_PROT"),
            std::vector<std::string>{"HTTP_PROT is not a setting; did you mean HTTP_PORT?"});
  EXPECT_EQ(
      warnings("NEXUS_JWT_SECRET"),
      std::vector<std::string>{"NEXUS_JWT_SECRET is not a setting; did you mean JWT_SECRET?"});
  EXPECT_EQ(warnings("ALOWED_HOSTS").size(), 1u);
  for (const char* variable :
       {"PATH", "HOSTNAME", "HTTP_PROXY", "LANG", "NEXUS_SERVICE_HOST", "NEXUS_CONFIG"})
    EXPECT_TRUE(settings({}, {{variable, ""}}).warnings.empty()) << variable;
  EXPECT_TRUE(warnings("NEXUS_PORT", "tcp://10.0.0.1:3000").empty()) << "an orchestrator's";
}

TEST(Settings, AuthenticationNeedsAGoodSecretOrKeys) {
  EXPECT_THAT(refusal({"--auth"}), testing::StartsWith("JWT_SECRET: "));
  EXPECT_THAT(refusal({"--auth"}, {{"JWT_SECRET", "short"}}), testing::HasSubstr("5 bytes"));
  EXPECT_THAT(refusal({}, {{"AUTH_ENABLED", "true"},
                           {"JWT_SECRET", "change-me-change-me-change-me-change-me"}}),
              testing::HasSubstr("placeholder"));
  EXPECT_EQ(settings({"--auth"}, {{"JWT_SECRET", kSecret}}).jwt_secret, kSecret);
  EXPECT_TRUE(settings({"--auth", "--jwt-jwks-file", "keys.json"}).auth_enabled);
  EXPECT_THAT(refusal({"--auth", "--jwt-jwks-file", "k", "--jwt-jwks-url", "https://id.test/k"}),
              testing::HasSubstr("one of them"));
  for (const char* url : {"http://id.test/keys", "file:///etc/passwd", "id.test",
                          "http://127.0.0.1.evil.test/", "http://[::2]/"})
    EXPECT_THAT(refusal({"--auth", "--jwt-jwks-url", url}), testing::HasSubstr("https")) << url;
  for (const char* url :
       {"https://id.test/keys", "http://127.0.0.1:9/k", "http://[::1]:9/k", "http://localhost/k"})
    EXPECT_EQ(settings({"--auth", "--jwt-jwks-url", url}).jwt_jwks_url, url);
  EXPECT_EQ(settings({"--auth", "--host", "0.0.0.0"}, {{"JWT_SECRET", kSecret}}).host, "0.0.0.0");
  EXPECT_THAT(settings({}, {{"JWT_SECRET", kSecret}}).warnings,
              testing::ElementsAre(testing::HasSubstr("AUTH_ENABLED is not true")));
}

TEST(Settings, SecretsAreNeverShownAndHaveNoOption) {
  const std::string config = farewell({"--print-config", "--auth"}, {{"JWT_SECRET", kSecret}});
  EXPECT_THAT(config, testing::HasSubstr("JWT_SECRET=(secret)  # JWT_SECRET\n"));
  EXPECT_THAT(config, testing::Not(testing::HasSubstr(kSecret)));
  EXPECT_THAT(refusal({"--jwt-secret", kSecret}), testing::HasSubstr("--jwt-secret"));
}

TEST(Settings, TheStoreOfManyReplicasIsKnownAndRefused) {
  EXPECT_EQ(settings({}).store, "sqlite");
  EXPECT_EQ(refusal({}, {{"STORE", "postgres"}}),
            "STORE: \"postgres\" is not in this release; use sqlite, the default");
  EXPECT_EQ(refusal({}, {{"STORE", "redis"}}), "STORE: \"redis\" is not one of sqlite, postgres");
}

TEST(Settings, ThePortOfMetricsIsAnother) {
  EXPECT_EQ(settings({"--metrics-port", "9464"}).metrics_port, 9464u);
  for (const char* port : {"3000", "3001"})
    EXPECT_THAT(refusal({"--metrics-port", port}), testing::HasSubstr("METRICS_PORT")) << port;
}

TEST(Settings, TheTableIsThereForProgramsToo) {
  const std::string json = farewell({"--print-settings"}, {{"HTTP_PORT", "junk"}});
  const auto parsed = nexus::value::parse_json(json);
  ASSERT_TRUE(parsed.ok()) << json;
  const auto& rows = parsed->find("settings")->list();
  EXPECT_EQ(rows.size(), table().size());
  const auto& port = rows.front();
  EXPECT_EQ(port.find("name")->string(), "HTTP_PORT");
  EXPECT_EQ(port.find("aliases")->list().front().string(), "PORT");
  EXPECT_EQ(port.find("max")->number(), 65535);
  EXPECT_EQ(port.find("default")->string(), "3000");
  EXPECT_THAT(json, testing::HasSubstr(R"("kind":"choice","words":["debug","info","warn","error"])"));
}

TEST(Settings, SharesOfAWorkspaceFollowTheWhole) {
  EXPECT_EQ(settings({"--max-instances", "20"}).max_runs_per_workspace, 21u);
  EXPECT_EQ(settings({"--max-instances", "20", "--auth"}, {{"JWT_SECRET", kSecret}}).max_runs_per_workspace, 16u);
  EXPECT_EQ(settings({"--max-instances", "1", "--auth"}, {{"JWT_SECRET", kSecret}}).max_runs_per_workspace, 1u);
  EXPECT_EQ(settings({"--max-runs-per-workspace", "3"}).max_runs_per_workspace, 3u);
  EXPECT_EQ(settings({"--max-panels", "7"}).max_panels_per_workspace, 7u);
}

TEST(Settings, AHealthCheckReadsTheSameSettings) {
  const auto order = read({"--healthcheck"}, {{"HTTP_PORT", "4000"}});
  ASSERT_TRUE(order.ok() && std::holds_alternative<HealthCheck>(*order));
  EXPECT_EQ(std::get<HealthCheck>(*order).settings.http_port, 4000u);
  EXPECT_NE(refusal({"--healthcheck"}, {{"HTTP_PORT", "x"}}).find("HTTP_PORT"), std::string::npos);
}

TEST(Settings, WhatChangedIsNamedAndOnlyWhatMayChangeIsTaken) {
  const Settings before = settings({});
  const Settings after = settings({"--log-level", "debug", "--max-panels", "7"},
                                  {{"JWT_SECRET", kSecret}});
  std::map<std::string_view, bool> found;
  for (const Change& change : changes(before, after)) found[change.name] = change.reloadable;
  EXPECT_EQ(found, (std::map<std::string_view, bool>{
                       {"JWT_SECRET", true}, {"LOG_LEVEL", true}, {"MAX_PANELS", false},
                       {"MAX_PANELS_PER_WORKSPACE", false}}));
  const Settings merged = take_reloadable(before, after);
  EXPECT_EQ(merged.log_level, "debug");
  EXPECT_EQ(merged.jwt_secret, kSecret);
  EXPECT_EQ(merged.max_panels, before.max_panels);
}

TEST(Settings, NodeEnvProductionMeansJsonLogs) {
  EXPECT_EQ(settings({}, {{"NODE_ENV", "production"}}).log_format, "json");
  EXPECT_EQ(settings({}, {{"NODE_ENV", "development"}}).log_format, "text");
  EXPECT_EQ(settings({}, {{"NODE_ENV", "production"}, {"LOG_FORMAT", "text"}}).log_format, "text");
}

TEST(ConfigDocument, IsCurrent) {
  std::ifstream file(std::string(NEXUS_SOURCE_DIR) + "/docs/CONFIG.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), config_document()) << "run: nexusd --print-config-doc > docs/CONFIG.md";
}

}  // namespace
}  // namespace nexusd
