#include "log_format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>
#include <utility>

#include "nexus/value/json.h"

namespace nexusd {
namespace {

// Takes a pair of the form name=value and the space behind it off the front of `rest`. Texts in quotes, which may hold
// anything, are the message's own.
std::optional<std::pair<std::string_view, std::string_view>> take_pair(std::string_view& rest) {
  std::size_t equals = 0;
  while (equals < rest.size() && (std::islower(static_cast<unsigned char>(rest[equals])) || rest[equals] == '_'))
    ++equals;
  if (equals == 0 || equals >= rest.size() || rest[equals] != '=') return std::nullopt;
  const std::string_view name = rest.substr(0, equals);
  const std::size_t end = std::min(rest.find(' ', equals), rest.size());
  const std::string_view value = rest.substr(equals + 1, end - equals - 1);
  const bool taken = name == "time" || name == "level" || name == "message";
  if (taken || value.empty() || value.front() == '"') return std::nullopt;
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return std::pair(name, value);
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const auto since_epoch =
        std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch());
    const std::time_t seconds = spdlog::log_clock::to_time_t(line.time);
    const auto level = spdlog::level::to_string_view(line.level);
    std::string json = fmt::format(
        R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}",)", fmt::gmtime(seconds),
        since_epoch.count() % 1000, std::string_view(level.data(), level.size()));
    std::string_view rest(line.payload.data(), line.payload.size());
    while (const auto pair = take_pair(rest)) {
      fmt::format_to(std::back_inserter(json), "\"{}\":", pair->first);
      nexus::value::write_json_string(pair->second, json);
      json += ',';
    }
    json += "\"message\":";
    nexus::value::write_json_string(rest, json);
    json += "}\n";
    out.append(json.data(), json.data() + json.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return make_json_formatter(); }
};

}  // namespace

std::unique_ptr<spdlog::formatter> make_json_formatter() {
  return std::make_unique<JsonFormatter>();
}

}  // namespace nexusd
