#include "toml.h"

#include <fmt/format.h>

#include <filesystem>

namespace nexusd {
namespace {

constexpr std::uintmax_t kMaxBytes = 1024 * 1024;

nexus::Error refuse(std::string message) {
  return {nexus::ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace

nexus::Result<toml::table> read_toml(std::string_view setting, const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error || !std::filesystem::is_regular_file(path))
    return refuse(fmt::format("{}: \"{}\" cannot be read: {}", setting, path,
                              error ? error.message() : "not a file"));
  if (bytes > kMaxBytes)
    return refuse(fmt::format("{}: \"{}\" has {} bytes; at most {} are read", setting, path, bytes,
                              kMaxBytes));
  toml::parse_result parsed = toml::parse_file(path);
  if (!parsed)
    return refuse(fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                              std::string(parsed.error().description())));
  return std::move(parsed).table();
}

}  // namespace nexusd
