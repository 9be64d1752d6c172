#include "nexus/panel/run_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

spdlog::level::level_enum to_spdlog(engine::LogLevel level) {
  switch (level) {
    case engine::LogLevel::kDebug:
      return spdlog::level::debug;
    case engine::LogLevel::kInfo:
      return spdlog::level::info;
    case engine::LogLevel::kWarn:
      return spdlog::level::warn;
    case engine::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string quoted(std::string_view text) {
  std::string out;
  value::write_json_string(text, out);
  return out;
}

}  // namespace

void log_lines(std::string_view panel_id, std::string_view handler,
               const engine::Outcome& outcome) {
  for (const auto& line : outcome.logs)
    spdlog::log(to_spdlog(line.level), "panel={} handler={} run={} {}", panel_id, handler,
                outcome.run_id, quoted(line.message));
}

void log_denials(std::string_view panel_id, std::string_view handler,
                 const engine::Outcome& outcome) {
  for (const auto& denial : outcome.denials)
    spdlog::warn("panel={} handler={} run={} denied action={} token={} times={} unreported={}",
                 panel_id, handler, outcome.run_id, quoted(denial.operation), quoted(denial.token),
                 denial.times, denial.unreported);
}

void log_refused_load(std::string_view panel_id, const std::vector<nxml::Diagnostic>& diagnostics,
                      RateLimit& limit) {
  for (const auto& item : diagnostics) {
    if (item.code != to_string(ErrorCode::kPermissionDenied)) continue;
    if (const auto unreported = limit.admit(Clock::system().now()))
      spdlog::warn("panel={} denied at load line={} column={} message={} unreported={}", panel_id,
                   item.span.start.line, item.span.start.column, quoted(item.message), *unreported);
  }
}

void log_refused_call(std::string_view panel_id, std::string_view handler, std::string_view run_id,
                      const WaitingCall& call, const Error& error, RateLimit& limit) {
  if (error.code != ErrorCode::kPermissionDenied) return;
  if (const auto unreported = limit.admit(Clock::system().now()))
    spdlog::warn("panel={} handler={} run={} denied call={}.{} message={} unreported={}", panel_id,
                 handler, run_id, call.extension, call.method, quoted(error.message), *unreported);
}

void log_failure(std::string_view panel_id, std::string_view handler, std::string_view run_id,
                 const engine::RunError& error) {
  std::string where;
  if (error.location) where = fmt::format(" line={} column={}", error.location->line, error.location->column);
  // A handler's mistakes are its author's business; what it was not allowed to do is in
  // log_denials().
  spdlog::info("panel={} handler={} run={} failed code={}{} message={} stack={}", panel_id,
              handler, run_id, to_string(error.code), where, quoted(error.message),
              quoted(error.stack));
}

void log_trigger_failure(std::string_view panel_id, std::string_view tool, const Error& error) {
  spdlog::warn("panel={} tool={} trigger failed code={} message={}", panel_id, tool,
               to_string(error.code), quoted(error.message));
}

void log_computed_failure(std::string_view panel_id, std::string_view name, Location at,
                          std::string_view reason) {
  spdlog::warn("panel={} computed={} has no value line={} column={} message={}", panel_id, name,
               at.line, at.column, quoted(reason));
}

}  // namespace nexus::panel
