#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "nexus/server/handlers.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

using value::Object;

// Of the panels, those that were made last; a page shows no more.
constexpr std::size_t kMaxPanels = 200;

Object pool_facts(const engine::Stats& stats) {
  return {{"active", stats.instances_active},       {"available", stats.instances_available},
          {"waiting", stats.instances_waiting},     {"suspended", stats.runs_suspended},
          {"created", stats.instances_created},     {"memoryBytes", stats.total_memory_bytes},
          {"cacheHitRate", cache_hit_rate(stats)}};
}

Object run_facts(const engine::Stats& stats) {
  return {{"succeeded", stats.runs_success},
          {"failed", stats.runs_error},
          {"meanRunningUs", mean_run_us(stats)}};
}

// What a panel says of itself, and whose it is.
value::Value describe(const panel::Panel& panel) {
  auto info = value::parse_json(panel.info_json());
  if (!info.ok() || !info->is_object()) return Object{{"id", panel.id()}, {"workspace", panel.owner()}};
  Object row{{"workspace", panel.owner()}};
  for (const char* key : {"id", "title", "status", "version", "clientCount", "lastActivity"})
    if (const value::Value* fact = info->find(key)) row.set(key, *fact);
  return row;
}

Object panel_facts(const std::vector<panel::Panel*>& panels) {
  value::List list;
  for (auto next = panels.rbegin(); next != panels.rend() && list.size() < kMaxPanels; ++next)
    list.push_back(describe(**next));
  return {{"total", std::uint64_t{panels.size()}}, {"list", std::move(list)}};
}

}  // namespace

Reply admin_status(const Context& context) {
  const engine::Stats stats = context.engine_stats();
  const auto uptime = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::system().now() - context.started);
  Object body{{"version", context.options.version},
              {"uptimeMs", std::int64_t{uptime.count()}},
              {"ready", context.ready()},
              {"connections", std::uint64_t{context.sessions.size()}},
              {"panels", panel_facts(context.workspace.list())},
              {"pool", pool_facts(stats)},
              {"runs", run_facts(stats)}};
  if (context.options.recent_runs) body.set("recent", context.options.recent_runs());
  if (context.options.sandbox) body.set("sandbox", context.options.sandbox());
  return json_reply(200, value::to_json(std::move(body)));
}

}  // namespace nexus::server
