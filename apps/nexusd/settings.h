#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/result.h"

namespace nexusd {

// Everything an operator can choose. Names, ranges and help texts are in one table in settings.cc,
// which docs/CONFIG.md shows.
struct Settings {
  std::uint64_t http_port = 3000;
  std::uint64_t ws_port = 3001;
  std::string host = "127.0.0.1";
  bool insecure = false;
  bool auth_enabled = false;
  std::string jwt_secret;
  std::string jwt_jwks_file;
  std::string jwt_jwks_url;
  std::uint64_t jwt_jwks_refresh_ms = 30000;
  std::string jwt_issuer;
  std::string jwt_audience;
  std::string workspace_id = "default";
  std::uint64_t rate_limit_address = 200;   // requests a second
  std::uint64_t rate_limit_identity = 200;  // the same
  std::vector<std::string> trusted_proxies;
  std::uint64_t max_connections = 10000;
  std::uint64_t max_ws_per_panel = 2000;
  std::uint64_t metrics_port = 0;  // 0: none
  std::uint64_t drain_delay_ms = 0;
  std::uint64_t drain_timeout_ms = 6000;
  std::string sandbox = "strict";
  std::string log_level = "info";
  std::string log_format = "text";
  std::uint64_t max_instances = 10;
  std::uint64_t min_instances = 2;
  std::uint64_t memory_limit_mb = 32;
  std::uint64_t timeout_ms = 5000;
  std::uint64_t max_host_calls = 1000;
  std::string data_dir = "./data";
  std::string store = "sqlite";
  std::string cache_dir = "/tmp/nexus-cache";
  std::string cache_key_file;                       // empty: made in cache_dir
  std::uint64_t cache_memory = 64u * 1024 * 1024;  // bytes
  std::uint64_t cache_disk = 64u * 1024 * 1024;    // bytes; 0: no cache on disk
  std::uint64_t body_limit = 1024 * 1024;  // bytes
  std::uint64_t http_max_concurrent = 10;
  std::uint64_t http_timeout = 30000;  // milliseconds
  std::optional<std::vector<std::string>> http_allowed_domains;
  std::optional<std::vector<std::string>> capability_policy;
  std::vector<std::string> http_allow_private_hosts;
  std::string http_secrets_file;  // empty: none
  std::string otlp_endpoint;      // empty: traces are not exported
  std::string otlp_headers;
  std::string service_name = "nexusd";
  std::uint64_t suspension_timeout_ms = 60000;
  std::uint64_t max_panels = 1000;
  std::uint64_t max_state_size = 4u * 1024 * 1024;  // bytes
  std::uint64_t max_panels_per_workspace = 1000;
  std::uint64_t max_queue_per_panel = 100;
  std::uint64_t max_queue_per_workspace = 1000;
  std::uint64_t max_runs_per_workspace = 11;
  std::uint64_t max_suspended = 10000;
  std::uint64_t history_entries = 1000;  // of each panel
  std::uint64_t history_hours = 24 * 30;
  std::uint64_t result_hours = 24;
  bool debug_errors = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_origins;
  std::string record_dir;                              // empty: runs are not recorded
  std::uint64_t record_limit = 256u * 1024 * 1024;     // bytes
  std::string panels;                 // directory; empty: none
  std::string watch;                  // directory; empty: none
  std::string web;                    // directory of the built pages; empty: none
  std::string config_file;            // --config; empty: none
  std::vector<std::string> warnings;  // what is odd about what was given, a line each
};

// The environment variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;

// What the command line asks for instead of a running server: print something and end.
struct Farewell {
  std::string text;
};

// What --healthcheck asks for: look whether the server that these settings describe is ready.
struct HealthCheck {
  Settings settings;
};
using Order = std::variant<Settings, Farewell, HealthCheck>;

// A setting that differs between two Settings, and whether it may while the server runs.
struct Change {
  std::string_view name;
  bool reloadable;
};
std::vector<Change> changes(const Settings& before, const Settings& after);

// `before` with what may change while the server runs taken from `after`.
Settings take_reloadable(const Settings& before, const Settings& after);

// Merges flags > environment > file (TOML) > defaults and checks every value and what must hold
// between values. An empty text counts as not set. Error kInvalidArgument: one line that names the
// variable, the value and the range.
nexus::Result<Order> read_settings(int argc, const char* const* argv,
                                   const Environment& environment);

}  // namespace nexusd
