#include "nexus/server/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "nexus/metrics/text.h"
#include "nexus/server/context.h"
#include "nexus/server/http_session.h"
#include "nexus/server/listener.h"

namespace nexus::server {
namespace {

Result<void> check_hosts(const Options& options) {
  for (const std::string& host : options.allowed_hosts) {
    if (parse_host(host)) continue;
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("ALLOWED_HOSTS has '{}'; give names such as example.com or example.com:8080",
                    host)};
  }
  return {};
}

Result<void> check_options(const Options& options) {
  if (options.http_port != 0 && options.http_port == options.ws_port) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("HTTP_PORT and WS_PORT are both {}; give each its own", options.http_port)};
  }
  return check_hosts(options);
}

void write_panel_metrics(const Context& context, std::string& out) {
  metrics::TextWriter writer(out);
  writer.gauge("nexus_panels", "Panels alive.");
  writer.sample({}, std::uint64_t{context.workspace.list().size()});
  const panel::Traffic traffic = context.workspace.traffic();
  writer.gauge("nexus_requests_waiting", "Triggers and writes that wait for their panel's turn.");
  writer.sample({}, traffic.requests_waiting);
  writer.gauge("nexus_segments", "Segments that wait for their workspace's turn, and that run.");
  writer.sample({{"state", "waiting"}}, traffic.segments_waiting);
  writer.sample({{"state", "running"}}, traffic.segments_running);
  writer.counter("nexus_requests_refused_total", "Requests refused for a limit, by what was full.");
  writer.sample({{"reason", "panel_queue"}}, traffic.refused_panel_queue);
  writer.sample({{"reason", "workspace_queue"}}, traffic.refused_owner_queue);
  writer.sample({{"reason", "panels"}}, traffic.refused_panels);
  writer.counter("nexus_patches_encoded_total",
                 "PATCH messages encoded, each for all clients that take that form or selection.");
  writer.sample({{"form", "whole"}}, traffic.patches_whole);
  writer.sample({{"form", "operations"}}, traffic.patches_operations);
  writer.sample({{"form", "selection"}}, traffic.patches_selected);
  writer.gauge("nexus_connections", "Connections open, WebSockets included.");
  writer.sample({}, std::uint64_t{context.sessions.size()});
  writer.gauge("nexus_ready", "Whether /readyz says so.");
  writer.sample({}, std::uint64_t{context.ready()});
  writer.gauge("nexus_build_info", "1, with the version of this server.");
  writer.sample({{"version", context.options.version}}, std::uint64_t{1});
  engine::write_metrics(context.engine_stats(), out);
}

class PortsServer final : public Server {
 public:
  PortsServer(std::shared_ptr<Context> context, Bound bound, std::unique_ptr<Listener> http,
              std::unique_ptr<Listener> ws, std::unique_ptr<Listener> metrics)
      : context_(std::move(context)),
        bound_(bound),
        http_(std::move(http)),
        ws_(std::move(ws)),
        metrics_(std::move(metrics)) {}

  ~PortsServer() override {
    context_->stopping = true;
    context_->sessions.on_empty({});
    context_->sessions.abort_all();
  }
  PortsServer(const PortsServer&) = delete;
  PortsServer& operator=(const PortsServer&) = delete;

  std::uint16_t http_port() const override { return context_->http_port; }
  std::uint16_t ws_port() const override { return context_->ws_port; }
  std::uint16_t metrics_port() const override { return metrics_ ? metrics_->port() : std::uint16_t{0}; }

  Result<void> reload(const Options& options) override {
    NX_TRY_VOID(check_hosts(options));
    NX_TRY_VOID(context_->access->reload(options.access));
    context_->hosts = std::make_unique<HostPolicy>(bound_, options.allowed_hosts, options.cors_origins,
                                                   context_->http_port, context_->ws_port);
    return {};
  }

  void announce_stop() override { context_->unready = true; }

  void stop(std::function<void()> done) override {
    waiting_.push_back(std::move(done));
    if (std::exchange(context_->stopping, true)) return;
    http_.reset();
    ws_.reset();
    metrics_.reset();
    context_->sessions.on_empty([this] { post_stopped(); });
    drain_timer_ = context_->loop.after(context_->options.limits.drain_time, [this] { hurry(); });
    if (context_->sessions.size() == 0) {
      context_->sessions.on_empty({});
      return post_stopped();
    }
    context_->sessions.drain_all();
  }

  void hurry() override {
    if (!context_->stopping || context_->sessions.size() == 0) return;
    spdlog::warn("{} connections are closed before their requests have finished",
                 context_->sessions.size());
    drain_timer_ = context_->loop.after(context_->options.limits.close_time,
                                        [this] { context_->sessions.abort_all(); });
    context_->sessions.hurry_all();
  }

 private:
  void post_stopped() {
    drain_timer_.reset();
    stopped_ = context_->loop.after(std::chrono::milliseconds(0), [this] {
      for (const auto& done : std::exchange(waiting_, {})) done();
    });
  }

  const std::shared_ptr<Context> context_;
  const Bound bound_;
  std::unique_ptr<Listener> http_;
  std::unique_ptr<Listener> ws_;
  std::unique_ptr<Listener> metrics_;           // nullptr: there is no such port
  std::vector<std::function<void()>> waiting_;  // for the end of stop()
  std::unique_ptr<loop::Timer> drain_timer_;
  std::unique_ptr<loop::Timer> stopped_;  // a timer and not a post: it dies with the server
};

// Hands connections of one port to sessions, as many as may be open.
std::function<void(OwnedSocket)> acceptor(const std::shared_ptr<Context>& context, Port port) {
  return [context, port](OwnedSocket socket) {
    const std::size_t open = context->sessions.size();
    const std::size_t limit = context->options.limits.connections;
    if (open >= limit + kSpareConnections) return context->metrics.connection_refused();
    start_http_session(context, port, open < limit ? Room::kOrdinary : Room::kSpare,
                       std::move(socket));
  };
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(loop::Loop& loop, panel::Workspace& workspace,
                                              metrics::Metrics& metrics, const Options& options) {
  NX_TRY_VOID(check_options(options));
  NX_TRY(const Bound bound, classify_bind_address(options.host));
  const auto context = std::make_shared<Context>(loop, workspace, metrics, options);
  NX_TRY(context->access, Access::create(options.access, Clock::system()));
  if (!options.assets_dir.empty()) {
    NX_TRY(context->assets, load_assets(options.assets_dir));
  }
  NX_TRY(auto http, Listener::open(loop, options.host, options.http_port, "HTTP_PORT",
                                   acceptor(context, Port::kHttp)));
  NX_TRY(auto ws, Listener::open(loop, options.host, options.ws_port, "WS_PORT",
                                 acceptor(context, Port::kWebSocket)));
  std::unique_ptr<Listener> metrics_listener;
  if (options.metrics_port) {
    NX_TRY(metrics_listener, Listener::open(loop, options.host, *options.metrics_port, "METRICS_PORT",
                                            acceptor(context, Port::kMetrics)));
  }
  context->http_port = http->port();
  context->ws_port = ws->port();
  context->hosts = std::make_unique<HostPolicy>(bound, options.allowed_hosts, options.cors_origins,
                                                context->http_port, context->ws_port);
  // Weak: the metrics outlive the server, whose end must not be put off by a scrape that never
  // comes.
  metrics.add_source([weak = std::weak_ptr<const Context>(context)](std::string& out) {
    if (const auto alive = weak.lock()) write_panel_metrics(*alive, out);
  });
  return std::unique_ptr<Server>(
      std::make_unique<PortsServer>(
      context, bound, std::move(http), std::move(ws), std::move(metrics_listener)));
}

}  // namespace nexus::server
