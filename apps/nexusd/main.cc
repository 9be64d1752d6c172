// nexusd: the Workspace Kernel. Builds the object graph, runs the loop, ends it in order.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "authentication.h"
#include "canary.h"
#include "log_format.h"
#include "nexus/engine/engine.h"
#include "nexus/extension/http_extension.h"
#include "nexus/extension/time_extension.h"
#include "nexus/loop/hand_off.h"
#include "nexus/loop/loop.h"
#include "nexus/metrics/metrics.h"
#include "nexus/panel/workspace.h"
#include "nexus/sandbox/entry.h"
#include "nexus/server/server.h"
#include "nexus/storage/data_dir.h"
#include "panel_files.h"
#include "settings.h"

namespace nexusd {
namespace {

using nexus::Clock;
using nexus::Error;
using nexus::Result;
namespace engine = nexus::engine;
namespace extension = nexus::extension;
namespace loop = nexus::loop;
namespace panel = nexus::panel;
namespace server = nexus::server;

constexpr int kExitRefused = 2;  // a setting, a port or the data directory cannot be used
constexpr std::uint16_t kGoingAway = 1001;  // RFC 6455 section 7.4.1
// Less than what service managers wait before they kill.
constexpr std::chrono::milliseconds kDrainTime{5000};
// Segments that may wait, besides one of each panel: of panels being destroyed, and the canary's.
constexpr std::size_t kMaxOtherSegments = 100;
constexpr unsigned kMaxLoadThreads = 4;

void set_up_log(const Settings& settings) {
  auto log = spdlog::stderr_logger_mt("nexusd");
  if (settings.log_format == "json")
    log->set_formatter(make_json_formatter());
  else
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(spdlog::level::from_str(settings.log_level));
  spdlog::set_default_logger(std::move(log));
  for (const std::string& warning : settings.warnings) spdlog::warn("{}", warning);
}

Environment read_process_environment() {
  Environment variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != text.npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

engine::Limits make_limits(const Settings& settings) {
  engine::Limits limits;
  limits.timeout = std::chrono::milliseconds{settings.timeout_ms};
  limits.memory_bytes = settings.memory_limit_mb << 20;
  limits.host_calls = static_cast<std::uint32_t>(settings.max_host_calls);
  return limits;
}

unsigned load_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxLoadThreads);
}

// The secret in CACHE_KEY_FILE, without the line feed an editor puts at the end.
Result<std::string> read_cache_key(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string key(std::istreambuf_iterator<char>(file), {});
  while (key.ends_with('\n') || key.ends_with('\r')) key.pop_back();
  if (key.size() >= 32) return key;
  return Error{nexus::ErrorCode::kInvalidArgument,
               fmt::format("CACHE_KEY_FILE: \"{}\" is not a file with a secret of at least 32 bytes", path)};
}

Result<engine::Options> make_engine_options(const Settings& settings) {
  engine::Options options;
  options.cache_dir = settings.cache_dir;
  options.cache_memory_bytes = settings.cache_memory;
  options.cache_disk_bytes = settings.cache_disk;
  NX_TRY(options.cache_key, read_cache_key(settings.cache_key_file));
  options.on_warning = [](std::string_view text) { spdlog::warn("{}", text); };
  options.min_instances = static_cast<std::uint32_t>(settings.min_instances);
  // Besides the slow runs: the one in place, and the compilations of documents being loaded. So
  // nobody ever waits for an instance on the loop.
  options.max_instances = static_cast<std::uint32_t>(settings.max_instances) + 1 + load_threads();
  options.max_suspended = static_cast<std::uint32_t>(settings.max_suspended);
  options.limits = make_limits(settings);
  return options;
}

panel::Settings make_panel_settings(const Settings& settings) {
  panel::Settings result;
  result.limits = make_limits(settings);
  result.suspension_timeout = std::chrono::milliseconds{settings.suspension_timeout_ms};
  result.max_panels = static_cast<std::uint32_t>(settings.max_panels);
  return result;
}

Result<std::unique_ptr<extension::Registry>> make_extensions(loop::Loop& on_loop,
                                                             const Settings& settings) {
  extension::HttpOptions options;
  options.timeout = std::chrono::milliseconds{settings.http_timeout};
  options.allowed_domains = settings.http_allowed_domains;
  options.private_hosts = settings.http_allow_private_hosts;
  options.client.max_concurrent = settings.http_max_concurrent;
  NX_TRY(auto http, extension::make_http_extension(on_loop, options));
  auto registry = std::make_unique<extension::Registry>();
  registry->add(std::move(http));
  registry->add(extension::make_time_extension(on_loop, Clock::system()));
  return registry;
}

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
  options.limits.drain_time = kDrainTime;
  options.assets_dir = settings.web;
  options.allowed_hosts = settings.allowed_hosts;
  options.cors_origins = settings.cors_origins;
  options.debug_errors = settings.debug_errors;
  options.version = NEXUSD_VERSION;
  return options;
}

std::shared_ptr<void> scope_of_sandbox_thread() {
  return std::make_shared<nexus::sandbox::ThreadScope>();
}

std::unique_ptr<loop::HandOff> make_hand_off(const Settings& settings) {
  loop::HandOff::Options options;
  options.max_slow = static_cast<unsigned>(settings.max_instances);
  options.max_waiting = settings.max_panels + kMaxOtherSegments;
  options.on_thread_start = scope_of_sandbox_thread;
  return loop::HandOff::create(options);
}

// The first signal ends in order, a second one at once.
class StopSignals {
 public:
  StopSignals(loop::Loop& on_loop, std::function<void()> stop)
      : signals_(on_loop.context(), SIGINT, SIGTERM), stop_(std::move(stop)) {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (stopping_) _exit(128 + number);
      stopping_ = true;
      wait();
      stop_();
    });
  }

  boost::asio::signal_set signals_;
  const std::function<void()> stop_;
  bool stopping_ = false;
};

std::string ready_line(const Settings& settings, const server::Server& running,
                       std::size_t panels) {
  const bool v6 = settings.host.find(':') != std::string::npos;
  return fmt::format("nexusd listening on http://{}:{}/ (WebSocket port {}, {} panels)\n",
                     v6 ? "[" + settings.host + "]" : settings.host, running.http_port(),
                     running.ws_port(), panels);
}

// Each object outlives those after it; leaving the function takes the graph down in reverse.
Result<void> serve(const Settings& settings) {
  const nexus::sandbox::ThreadScope may_enter_sandbox;
  std::vector<std::string> files;
  if (!settings.panels.empty()) {
    NX_TRY(files, find_panel_files(settings.panels));
  }
  NX_TRY(const auto data_dir, nexus::storage::DataDir::open(settings.data_dir));
  NX_TRY(const auto engine_options, make_engine_options(settings));
  NX_TRY(const auto runtime, engine::Engine::create(engine_options));
  NX_TRY_VOID(Canary::check(*runtime));

  const auto hand_off = make_hand_off(settings);
  loop::Loop& main_loop = hand_off->loop();
  NX_TRY(const auto extensions, make_extensions(main_loop, settings));
  const auto loads =
      loop::ThreadPool::create(load_threads(), settings.max_panels, scope_of_sandbox_thread);
  nexus::metrics::Metrics metrics;
  const auto workspace =
      panel::create_workspace(main_loop, {hand_off->executor(), *loads}, *runtime, *extensions,
                              Clock::system(), make_panel_settings(settings));
  NX_TRY(const auto authenticator, make_authenticator(main_loop, settings));
  Canary canary(main_loop, hand_off->executor(), *runtime);
  bool loaded = false;

  server::Options options = make_server_options(settings);
  options.access.authenticator = authenticator.get();
  options.ready = [&] { return loaded && canary.well(); };
  options.engine_stats = [&] { return runtime->stats(); };
  NX_TRY(const auto running, server::Server::start(main_loop, *workspace, metrics, options));
  const StopSignals signals(main_loop, [&] {
    running->stop([&] {
      runtime->shutdown();  // ends the runs under way, which the panels wait for
      workspace->shutdown(kGoingAway, "the server is shutting down", [&] { main_loop.stop(); });
    });
  });

  load_panel_files(*workspace, std::move(files), settings.workspace_id, [&] {
    loaded = true;
    fmt::print("{}", ready_line(settings, *running, workspace->list().size()));
    std::fflush(stdout);
  });
  main_loop.run();
  return {};
}

int run(int argc, const char* const* argv) {
  auto asked = read_settings(argc, argv, read_process_environment());
  if (!asked.ok()) {
    fmt::print(stderr, "nexusd: {}\n", asked.error().message);
    return kExitRefused;
  }
  if (const auto* farewell = std::get_if<Farewell>(&*asked)) {
    fmt::print("{}", farewell->text);
    return 0;
  }
  const auto& settings = std::get<Settings>(*asked);
  set_up_log(settings);
  std::signal(SIGPIPE, SIG_IGN);
  if (auto served = serve(settings); !served.ok()) {
    fmt::print(stderr, "nexusd: {}\n", served.error().message);
    return kExitRefused;
  }
  return 0;
}

}  // namespace
}  // namespace nexusd

int main(int argc, char** argv) { return nexusd::run(argc, argv); }
