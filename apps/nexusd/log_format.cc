#include "log_format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "nexus/value/json.h"

namespace nexusd {
namespace {

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const auto since_epoch =
        std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch());
    const std::time_t seconds = spdlog::log_clock::to_time_t(line.time);
    const auto level = spdlog::level::to_string_view(line.level);
    std::string json = fmt::format(
        R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}","message":)", fmt::gmtime(seconds),
        since_epoch.count() % 1000, std::string_view(level.data(), level.size()));
    nexus::value::write_json_string({line.payload.data(), line.payload.size()}, json);
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
