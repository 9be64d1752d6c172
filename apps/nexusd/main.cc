// nexusd: the Workspace Kernel. Builds the object graph, runs the loop, ends it in order.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "authentication.h"
#include "canary.h"
#include "directory_watch.h"
#include "healthcheck.h"
#include "lifecycle.h"
#include "http_secrets.h"
#include "log_format.h"
#include "nexus/engine/engine.h"
#include "nexus/extension/approval_extension.h"
#include "nexus/extension/http_extension.h"
#include "nexus/extension/kv_extension.h"
#include "nexus/extension/time_extension.h"
#include "nexus/loop/hand_off.h"
#include "nexus/loop/loop.h"
#include "nexus/metrics/metrics.h"
#include "nexus/metrics/process.h"
#include "nexus/panel/faults.h"
#include "nexus/panel/stored_entries.h"
#include "nexus/panel/workspace.h"
#include "nexus/replay/recorder.h"
#include "nexus/sandbox/entry.h"
#include "nexus/server/server.h"
#include "nexus/storage/data_dir.h"
#include "nexus/storage/store.h"
#include "panel_files.h"
#include "recent_runs.h"
#include "recovery.h"
#include "reload.h"
#include "second_wall.h"
#include "server_options.h"
#include "settings.h"
#include "store_metrics.h"
#include "traces.h"

namespace nexusd {
namespace {

using nexus::Clock;
using nexus::Error;
using nexus::Result;
namespace capability = nexus::capability;
namespace engine = nexus::engine;
namespace extension = nexus::extension;
namespace loop = nexus::loop;
namespace panel = nexus::panel;
namespace replay = nexus::replay;
namespace server = nexus::server;
namespace storage = nexus::storage;

constexpr int kExitRefused = 2;  // a setting, a port or the data directory cannot be used
constexpr int kExitUnhealthy = 1;
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

// Of a policy; each has been read before.
std::vector<capability::Token> policy_tokens(const Settings& settings) {
  std::vector<capability::Token> tokens;
  for (const std::string& word : *settings.capability_policy)
    tokens.push_back(capability::parse_token(word).take());
  return tokens;
}

// A misspelt extension would refuse panels for a reason that is hard to see.
Result<void> check_policy(const Settings& settings, const extension::Registry& extensions) {
  if (!settings.capability_policy) return {};
  for (const auto& token : policy_tokens(settings)) {
    if (token.kind != capability::Kind::kExtension || token.scope == "*") continue;
    const auto found = extensions.resolve(token.scope);
    if (!found.ok()) return Error{found.error().code, "CAPABILITY_POLICY: " + found.error().message};
  }
  return {};
}

panel::Settings make_panel_settings(const Settings& settings, RecentRuns& recent) {
  panel::Settings result;
  result.limits = make_limits(settings);
  result.suspension_timeout = std::chrono::milliseconds{settings.suspension_timeout_ms};
  result.max_panels = static_cast<std::uint32_t>(settings.max_panels);
  result.max_state_bytes = settings.max_state_size;
  result.debug_errors = settings.debug_errors;
  result.result_lifetime = std::chrono::hours{settings.result_hours};
  result.max_panels_per_owner = static_cast<std::uint32_t>(settings.max_panels_per_workspace);
  result.queue_per_panel = static_cast<std::uint32_t>(settings.max_queue_per_panel);
  result.queue_per_owner = static_cast<std::uint32_t>(settings.max_queue_per_workspace);
  // The slow runs, and one in place.
  result.max_running = static_cast<std::uint32_t>(settings.max_instances) + 1;
  result.max_running_per_owner = static_cast<std::uint32_t>(settings.max_runs_per_workspace);
  result.on_segment = [&recent](const panel::SegmentReport& report) { recent.on_segment(report); };
  if (settings.capability_policy) result.capability_policy = capability::GrantSet(policy_tokens(settings));
  return result;
}

Result<std::unique_ptr<storage::Store>> open_store(
    const Settings& settings, std::unique_ptr<storage::DataDir> directory,
    std::function<void(const std::string&, const Error&)> on_lost) {
  storage::StoreOptions options;
  options.history_entries = settings.history_entries;
  options.history_age = std::chrono::hours{settings.history_hours};
  options.on_lost = std::move(on_lost);
  return storage::Store::open(std::move(directory), std::move(options));
}

struct Extensions {
  std::unique_ptr<extension::Registry> registry;
  extension::Approvals* approvals = nullptr;  // one of them
};

Result<Extensions> make_extensions(loop::Loop& on_loop, const Settings& settings,
                                   extension::HttpSecrets secrets,
                                   std::unique_ptr<extension::KvBackend> entries,
                                   nexus::metrics::Metrics& metrics) {
  extension::HttpOptions options;
  options.timeout = std::chrono::milliseconds{settings.http_timeout};
  options.allowed_domains = settings.http_allowed_domains;
  options.private_hosts = settings.http_allow_private_hosts;
  options.client.max_concurrent = settings.http_max_concurrent;
  // What a handler could not take would only be fetched in vain.
  options.client.limits.response_bytes = make_limits(settings).payload.bytes;
  options.secrets = std::move(secrets);
  metrics.http_call_outcomes(extension::kHttpOutcomes);
  options.on_call = [&metrics](std::string_view outcome, std::chrono::nanoseconds took) {
    metrics.http_call(outcome, took);
  };
  NX_TRY(auto http, extension::make_http_extension(on_loop, options));
  auto approvals = extension::make_approval_extension(on_loop, Clock::system());
  Extensions result{std::make_unique<extension::Registry>(), approvals.get()};
  result.registry->add(std::move(http));
  result.registry->add(extension::make_time_extension(on_loop, Clock::system()));
  result.registry->add(extension::make_kv_extension(on_loop, std::move(entries)));
  result.registry->add(std::move(approvals));
  return result;
}

// Null when runs are not recorded.
Result<std::unique_ptr<replay::Recorder>> make_recorder(const Settings& settings) {
  if (settings.record_dir.empty()) return std::unique_ptr<replay::Recorder>();
  replay::RecorderOptions options;
  options.directory = settings.record_dir;
  options.total_bytes = settings.record_limit;
  options.on_warning = [](std::string_view text) { spdlog::warn("{}", text); };
  auto recorder = replay::Recorder::create(std::move(options));
  if (!recorder.ok())
    return Error{recorder.error().code, "RECORD_DIR: " + recorder.error().message};
  return recorder;
}

// A directory that both settings name counts once.
Result<std::vector<std::string>> find_panel_directories(const Settings& settings) {
  std::vector<std::string> directories;
  std::error_code differ;
  const std::pair<std::string_view, const std::string&> named[] = {
      {"WATCH_DIR (--watch)", settings.watch}, {"PANELS_DIR (--panels)", settings.panels}};
  for (const auto& [setting, directory] : named) {
    if (directory.empty()) continue;
    if (auto found = find_panel_files(directory); !found.ok())
      return Error{found.error().code, fmt::format("{}: {}", setting, found.error().message)};
    if (directories.empty() || !std::filesystem::equivalent(directories.front(), directory, differ))
      directories.push_back(directory);
  }
  return directories;
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

// Made here, since the second wall leaves open only what is there. When it cannot be, the cache says so.
void make_cache_directory(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  ::mkdir(path.c_str(), 0700);
}

// Before there are other threads.
void raise_wall(const Settings& settings, SecondWall& wall) {
  if (settings.sandbox == "off") return spdlog::warn("SANDBOX=off: the second wall is not raised");
  make_cache_directory(settings.cache_dir);
  wall.close_files(wall_paths(settings));
}

void finish_wall(const Settings& settings, SecondWall& wall) {
  if (settings.sandbox == "off") return;
  wall.close_calls();
  for (const std::string& line : wall.missing()) spdlog::warn("the second wall lacks {}", line);
  if (wall.missing().empty()) spdlog::info("the second wall stands");
}

std::string ready_line(const Settings& settings, const server::Server& running,
                       std::size_t panels) {
  const bool v6 = settings.host.find(':') != std::string::npos;
  return fmt::format("nexusd listening on http://{}:{}/ (WebSocket port {}, {} panels)\n",
                     v6 ? "[" + settings.host + "]" : settings.host, running.http_port(),
                     running.ws_port(), panels);
}

// Each object outlives those after it; leaving the function takes the graph down in reverse.
Result<void> serve(const Settings& settings, const Reloader::ReadSettings& read_anew) {
  const nexus::sandbox::ThreadScope may_enter_sandbox;
  NX_TRY(const auto panel_directories, find_panel_directories(settings));
  NX_TRY(auto data_dir, storage::DataDir::open(settings.data_dir));
  NX_TRY(const auto engine_options, make_engine_options(settings));
  // What the wall then hides, or opens only where it exists.
  NX_TRY(auto secrets, read_http_secrets(settings.http_secrets_file, settings.workspace_id));
  if (!settings.record_dir.empty()) {
    std::error_code refused;  // make_recorder() says why
    std::filesystem::create_directories(settings.record_dir, refused);
  }
  SecondWall wall;
  raise_wall(settings, wall);
  NX_TRY(const auto runtime, engine::Engine::create(engine_options));
  NX_TRY_VOID(Canary::check(*runtime));

  const auto hand_off = make_hand_off(settings);
  loop::Loop& main_loop = hand_off->loop();
  panel::Workspace* workspace_told = nullptr;  // of changes that were lost
  NX_TRY(const auto store,
         open_store(settings, std::move(data_dir), [&](const std::string& id, const Error& error) {
           main_loop.post([&workspace_told, id, error] { workspace_told->lose(id, error); });
         }));
  const auto loads =
      loop::ThreadPool::create(load_threads(), settings.max_panels, scope_of_sandbox_thread);
  auto entries = std::make_unique<panel::StoredEntries>(main_loop, *loads, *store);
  panel::StoredEntries& stored_entries = *entries;
  nexus::metrics::Metrics metrics;
  NX_TRY(const auto extensions,
         make_extensions(main_loop, settings, std::move(secrets), std::move(entries), metrics));
  NX_TRY_VOID(check_policy(settings, *extensions.registry));
  metrics.add_source(nexus::metrics::write_process_metrics);
  metrics.add_source([&](std::string& out) { write_store_metrics(*store, out); });
  RecentRuns recent_runs(Clock::system());
  NX_TRY(const auto recorder, make_recorder(settings));
  panel::Settings panel_settings = make_panel_settings(settings, recent_runs);
  panel_settings.recorder = recorder.get();
  NX_TRY(const auto traces, Traces::create(settings, NEXUSD_VERSION));
  if (traces) {
    panel_settings.on_segment = [&](const panel::SegmentReport& report) {
      recent_runs.on_segment(report);
      traces->on_segment(report);
    };
    panel_settings.on_call = [&](const panel::CallReport& report) { traces->on_call(report); };
    metrics.add_source([&](std::string& out) { traces->write_metrics(out); });
  }
  panel::FaultList faults;
  panel_settings.faults = &faults;
  const auto workspace =
      panel::create_workspace(main_loop, {hand_off->executor(), *loads}, *runtime, *extensions.registry,
                              Clock::system(), std::move(panel_settings), store.get());
  workspace_told = workspace.get();
  stored_entries.serve(*workspace);
  NX_TRY(auto authenticator, make_authenticator(main_loop, settings));
  Canary canary(main_loop, hand_off->executor(), *runtime);
  bool loaded = false;

  server::Options options = make_server_options(settings);
  options.access.authenticator = authenticator.get();
  options.approvals = extensions.approvals;
  options.faults = &faults;
  options.ready = [&] { return loaded && canary.well() && store->health().ok(); };
  options.engine_stats = [&] { return runtime->stats(); };
  options.recent_runs = [&] { return recent_runs.facts(); };
  if (traces)
    options.on_request = [&](const server::RequestReport& report) { traces->on_request(report); };
  options.sandbox = [&] {
    auto facts = wall.facts();
    facts.set("mode", settings.sandbox);
    return facts;
  };
  NX_TRY_VOID(recover_panels(main_loop, *workspace));
  NX_TRY(const auto running, server::Server::start(main_loop, *workspace, metrics, options));
  Shutdown shutdown({main_loop, *running, *runtime, *workspace},
                    {std::chrono::milliseconds{settings.drain_delay_ms},
                     std::chrono::milliseconds{settings.drain_timeout_ms}});
  Reloader reloader(main_loop, *running, read_anew, settings, std::move(authenticator));
  const Signals signals(
      main_loop, [&] { shutdown.next(); }, [&] { reloader.reload(); });
  finish_wall(settings, wall);

  const auto panel_files = PanelFiles::create(main_loop, *workspace, faults, settings.workspace_id);
  std::unique_ptr<DirectoryWatch> watch;
  if (!settings.watch.empty()) {
    // Before the files are read, so that no change is missed.
    NX_TRY(watch, DirectoryWatch::start(main_loop, settings.watch,
                                        [&] { panel_files->refresh(settings.watch); }));
  }
  panel_files->load(panel_directories, [&] {
    loaded = true;
    fmt::print("{}", ready_line(settings, *running, workspace->list().size()));
    std::fflush(stdout);
  });
  main_loop.run();
  return {};
}

int check_health(const Settings& settings) {
  const auto healthy = check_running_server(settings);
  if (healthy.ok()) return 0;
  fmt::print(stderr, "nexusd: {}\n", healthy.error().message);
  return kExitUnhealthy;
}

int run(int argc, const char* const* argv) {
  const auto read = [=] { return read_settings(argc, argv, read_process_environment()); };
  auto order = read();
  if (!order.ok()) {
    fmt::print(stderr, "nexusd: {}\n", order.error().message);
    return kExitRefused;
  }
  if (const auto* farewell = std::get_if<Farewell>(&*order)) {
    fmt::print("{}", farewell->text);
    return 0;
  }
  if (const auto* check = std::get_if<HealthCheck>(&*order)) return check_health(check->settings);
  const auto& settings = std::get<Settings>(*order);
  set_up_log(settings);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);  // until there is something to reload
  if (auto served = serve(settings, read); !served.ok()) {
    fmt::print(stderr, "nexusd: {}\n", served.error().message);
    return kExitRefused;
  }
  return 0;
}

}  // namespace
}  // namespace nexusd

int main(int argc, char** argv) { return nexusd::run(argc, argv); }
