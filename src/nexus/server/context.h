#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "nexus/base/clock.h"
#include "nexus/loop/loop.h"
#include "nexus/metrics/metrics.h"
#include "nexus/panel/workspace.h"
#include "nexus/server/access.h"
#include "nexus/server/assets.h"
#include "nexus/server/host_policy.h"
#include "nexus/server/router.h"
#include "nexus/server/server.h"
#include "nexus/server/session.h"

namespace nexus::server {

// What all sessions of one server share. Lives on the loop; sessions hold it by shared_ptr, because
// a completion may come after the server's end.
struct Context {
  Context(loop::Loop& loop_, panel::Workspace& workspace_, metrics::Metrics& metrics_,
          const Options& options_)
      : loop(loop_), workspace(workspace_), metrics(metrics_), options(options_) {
    for (std::size_t i = 0; i < kRouteCount; ++i)
      routes[i] = &metrics.route(pattern(static_cast<Route>(i)));
  }

  metrics::RouteMetrics& metrics_of(Route route) const {
    return *routes[static_cast<std::size_t>(route)];
  }

  // Whether requests can be served now.
  bool ready() const { return !stopping && !unready && (!options.ready || options.ready()); }
  engine::Stats engine_stats() const {
    return options.engine_stats ? options.engine_stats() : engine::Stats();
  }

  loop::Loop& loop;
  panel::Workspace& workspace;
  metrics::Metrics& metrics;
  const Options options;
  std::array<metrics::RouteMetrics*, kRouteCount> routes{};
  const Clock::Steady started = Clock::system().now();

  std::unique_ptr<const HostPolicy> hosts;  // replaced by Server::reload

  // Set once by Server::start, before the first connection.
  std::shared_ptr<Access> access;
  std::unique_ptr<const Assets> assets;  // nullptr: no pages
  std::uint16_t http_port = 0;
  std::uint16_t ws_port = 0;

  SessionSet sessions;
  SocketCounts sockets;
  bool stopping = false;
  bool unready = false;  // about to stop, and says so to /readyz
};

}  // namespace nexus::server
