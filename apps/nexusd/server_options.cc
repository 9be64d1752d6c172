#include "server_options.h"

namespace nexusd {

namespace server = nexus::server;

server::Options make_server_options(const Settings& settings) {
  server::Options options;
  options.host = settings.host;
  options.http_port = static_cast<std::uint16_t>(settings.http_port);
  options.ws_port = static_cast<std::uint16_t>(settings.ws_port);
  if (settings.metrics_port != 0)
    options.metrics_port = static_cast<std::uint16_t>(settings.metrics_port);
  options.limits.connections = settings.max_connections;
  options.limits.ws_per_panel = settings.max_ws_per_panel;
  options.access.workspace = settings.workspace_id;
  options.access.address_rate = static_cast<std::uint32_t>(settings.rate_limit_address);
  options.access.identity_rate = static_cast<std::uint32_t>(settings.rate_limit_identity);
  options.access.trusted_proxies = settings.trusted_proxies;
  options.limits.body_bytes = settings.body_limit;
  options.limits.drain_time = std::chrono::milliseconds{settings.drain_timeout_ms};
  options.assets_dir = settings.web;
  options.allowed_hosts = settings.allowed_hosts;
  options.cors_origins = settings.cors_origins;
  options.debug_errors = settings.debug_errors;
  options.version = NEXUSD_VERSION;
  return options;
}

}  // namespace nexusd
