#include <fmt/format.h>

#include "nexus/base/closest.h"
#include "settings_table.h"
#include "toml.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

Error refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

const Setting* find_setting(std::string_view key) {
  for (const auto& setting : table())
    if (file_key(setting.name) == key ||
        (!setting.old_name.empty() && file_key(setting.old_name) == key))
      return &setting;
  return nullptr;
}

Error unknown(const std::string& where, std::string_view key) {
  std::vector<std::string> keys;
  for (const auto& setting : table()) keys.push_back(file_key(setting.name));
  const std::vector<std::string_view> candidates(keys.begin(), keys.end());
  const std::string_view meant = nexus::closest(key, candidates);
  return refuse(fmt::format("{}: there is no setting \"{}\"{}", where, key,
                            meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
}

// The text that an environment variable would have; nullopt for kinds that no setting takes.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  const auto* list = node.as_array();
  if (!list) return std::nullopt;
  std::string joined;
  for (const auto& element : *list) {
    const auto* text = element.as_string();
    if (!text || text->get().find(',') != std::string::npos) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined += text->get();
  }
  return joined;
}

}  // namespace

Result<void> read_config_file(const std::string& path, GivenValues& given) {
  NX_TRY(const toml::table file, read_toml("--config", path));
  for (const auto& [key, node] : file) {
    const std::string where = fmt::format("{}:{}", path, node.source().begin.line);
    const Setting* setting = find_setting(key.str());
    if (!setting) return unknown(where, key.str());
    auto text = text_of(node);
    if (!text)
      return refuse(fmt::format("{}: {} takes a text, a number, true or false, or a list of texts",
                                where, key.str()));
    if (!text->empty())
      given[setting->name] = {*std::move(text), fmt::format("{} ({})", setting->name, where)};
  }
  return {};
}

}  // namespace nexusd
