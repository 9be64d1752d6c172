#include <fmt/format.h>

#include <cstdio>
#include <limits>

#include "commands.h"
#include "nexus/panel/messages.h"
#include "nexus/panel/stored.h"
#include "nexus/storage/offline.h"
#include "nexus/value/json.h"

namespace nexus::cli {
namespace {

// What a segment did, on one line: "+ for a key that was set, - for one that was deleted".
std::string changes_of(const storage::Segment& segment) {
  std::string text;
  for (const auto& change : segment.mutations)
    text += fmt::format(" {}{}", change.value ? '+' : '-', change.key);
  return text;
}

std::string args_of(const storage::Segment& segment) {
  if (segment.args.empty()) return {};
  const auto args = panel::unpack_value(segment.args);
  return args.ok() ? value::to_json(*args) : "(damaged)";
}

std::string failure_of(const storage::Segment& segment) {
  if (segment.failure.empty()) return {};
  const auto error = panel::unpack_failure(segment.failure);
  const auto* const code = error.ok() ? error->find("code") : nullptr;
  const auto* const message = error.ok() ? error->find("message") : nullptr;
  if (code == nullptr || !code->is_string() || message == nullptr || !message->is_string())
    return " failed: (damaged)";
  return fmt::format(" failed: {} {}", code->string(), value::to_json(*message));
}

}  // namespace

int log(const LogOptions& options) {
  const auto segments = storage::read_history_of(
      options.directory, options.panel, std::numeric_limits<std::int64_t>::max(), options.limit);
  if (!segments.ok()) {
    fmt::print(stderr, "nexus log: {}\n", segments.error().message);
    return 1;
  }
  if (options.json) {
    const auto page = panel::encode_history(*segments, options.limit);
    if (!page.ok()) {
      fmt::print(stderr, "nexus log: {}\n", page.error().message);
      return 1;
    }
    fmt::print("{}\n", *page);
    return 0;
  }
  for (const auto& segment : *segments)
    fmt::print("{} v{} {} {} {}{} {} us{}{}\n",
               panel::iso_time(Clock::Wall(std::chrono::milliseconds{segment.at_ms})),
               segment.version, segment.actor.empty() ? "-" : segment.actor,
               segment.tool.empty() ? "SET" : segment.tool, args_of(segment),
               segment.execution_id.empty() ? "" : " run " + segment.execution_id,
               segment.duration_us, changes_of(segment), failure_of(segment));
  return 0;
}

}  // namespace nexus::cli
