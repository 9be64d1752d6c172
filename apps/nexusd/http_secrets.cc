#include "http_secrets.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "toml.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;
using nexus::extension::HttpSecret;

Error refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::string at(const std::string& path, const toml::node& node) {
  return fmt::format("{}:{}", path, node.source().begin.line);
}

// The text of a file, without the line feed that editors put at the end.
Result<std::string> read_value(const std::string& where, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return refuse(fmt::format("{}: \"{}\" cannot be read", where, path));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::vector<std::string>> read_texts(const std::string& where, std::string_view key,
                                            const toml::node& node) {
  std::vector<std::string> texts;
  const auto* list = node.as_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
    if (const auto* text = (*list)[i].as_string()) texts.push_back(text->get());
  if (list == nullptr || texts.empty() || texts.size() != list->size())
    return refuse(fmt::format("{}: {} must be a list of texts", where, key));
  return texts;
}

Result<void> read_member(const std::string& path, std::string_view key, const toml::node& node,
                         HttpSecret& secret) {
  const std::string where = at(path, node);
  if (key == "origins") {
    NX_TRY(secret.origins, read_texts(where, key, node));
  } else if (key == "workspaces") {
    NX_TRY(secret.workspaces, read_texts(where, key, node));
  } else if (key == "value" || key == "file") {
    const auto* text = node.as_string();
    if (text == nullptr) return refuse(fmt::format("{}: {} must be a text", where, key));
    if (!secret.value.empty())
      return refuse(fmt::format("{}: value and file are both there; give one of them", where));
    secret.value = text->get();
    if (key == "file") {
      NX_TRY(secret.value, read_value(where, text->get()));
    }
  } else {
    return refuse(fmt::format(
        "{}: there is no \"{}\" in a secret; it has value or file, origins and workspaces", where,
        key));
  }
  return {};
}

}  // namespace

Result<nexus::extension::HttpSecrets> read_http_secrets(const std::string& path,
                                                        const std::string& own_workspace) {
  if (path.empty()) return nexus::extension::HttpSecrets();
  NX_TRY(const toml::table file, read_toml("HTTP_SECRETS_FILE", path));
  std::vector<HttpSecret> secrets;
  for (const auto& [name, node] : file) {
    const auto* members = node.as_table();
    if (members == nullptr)
      return refuse(fmt::format("{}: each secret is a table: write [{}] and its keys below", at(path, node),
                                name.str()));
    HttpSecret secret{.name = std::string(name.str()), .value = {}, .origins = {}, .workspaces = {own_workspace}};
    for (const auto& [key, member] : *members)
      NX_TRY_VOID(read_member(path, key.str(), member, secret));
    secrets.push_back(std::move(secret));
  }
  auto made = nexus::extension::HttpSecrets::create(std::move(secrets));
  if (!made.ok()) return refuse(fmt::format("{}: {}", path, made.error().message));
  return made;
}

}  // namespace nexusd
