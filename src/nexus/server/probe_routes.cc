#include <chrono>

#include "nexus/server/handlers.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

using value::Object;

Object runtime_facts(const engine::Stats& stats) {
  return {{"activeInstances", stats.instances_active},
          {"availableInstances", stats.instances_available},
          {"suspendedRuns", stats.runs_suspended},
          {"cacheHitRate", cache_hit_rate(stats)},
          {"memoryBytes", stats.total_memory_bytes}};
}

}  // namespace

Reply health(const Context& context) {
  const bool ready = context.ready();
  const auto uptime = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::system().now() -
                                                                            context.started);
  Object body = {
      {"status", ready ? "healthy" : "unhealthy"},
      {"version", context.options.version},
      {"uptime", std::int64_t{uptime.count()}},
      {"panels", Object{{"active", std::uint64_t{context.workspace.list().size()}},
                        {"failed", std::uint64_t{context.workspace.unloaded().size()}}}},
      {"runtime", runtime_facts(context.engine_stats())}};
  if (context.options.sandbox) body.set("sandbox", context.options.sandbox());
  return json_reply(ready ? 200 : 503, value::to_json(std::move(body)));
}

Reply liveness() { return json_reply(200, R"({"status":"alive"})"); }

Reply readiness(const Context& context) {
  if (context.ready()) return json_reply(200, R"({"status":"ready"})");
  return error_reply({ErrorCode::kUnavailable, context.stopping || context.unready
                                                   ? "the server is shutting down"
                                                   : "handlers cannot run, or changes cannot be stored, now; "
                                                     "the log says why"});
}

Reply metrics_text(const Context& context) {
  Reply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = context.metrics.text();
  reply.fields.emplace_back("Cache-Control", "no-store");
  return reply;
}

}  // namespace nexus::server
