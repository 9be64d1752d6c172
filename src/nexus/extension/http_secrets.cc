#include "nexus/extension/http_secrets.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/extension/http_policy.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

// Shorter ones are guessed, and would be redacted out of innocent text.
constexpr std::size_t kMinSecretBytes = 8;
constexpr std::size_t kMaxSecretBytes = 8 * 1024;
constexpr std::size_t kMaxNameBytes = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '_' || c == '-' || c == '.';
         });
}

// Visible ASCII and blanks inside: anything else could end the header or be changed on the way.
bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }) &&
         text.front() != ' ' && text.back() != ' ';
}

Error wrong(const HttpSecret& secret, std::string_view what) {
  return {ErrorCode::kInvalidArgument, fmt::format("secret \"{}\" {}", secret.name, what)};
}

Result<void> check(HttpSecret& secret) {
  if (!is_name(secret.name))
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is no name of a secret: 1 to {} letters, digits, '_', '-' and '.'",
                             value::to_json(secret.name), kMaxNameBytes)};
  if (secret.value.size() < kMinSecretBytes || secret.value.size() > kMaxSecretBytes)
    return wrong(secret, fmt::format("must have {} to {} bytes", kMinSecretBytes, kMaxSecretBytes));
  if (!is_header_text(secret.value))
    return wrong(secret, "has a character that no header may have, or a blank at an end");
  if (secret.origins.empty()) return wrong(secret, "names no origins it may be sent to");
  if (secret.workspaces.empty()) return wrong(secret, "names no workspaces that may use it");
  for (std::string& origin : secret.origins) {
    auto parsed = parse_origin(origin);
    if (!parsed.ok()) return wrong(secret, "has a bad origin: " + parsed.error().message);
    origin = std::move(parsed).take();
  }
  return {};
}

void replace_all(std::string_view from, std::string_view to, std::string& text) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

Result<HttpSecrets> HttpSecrets::create(std::vector<HttpSecret> secrets) {
  HttpSecrets result;
  for (HttpSecret& secret : secrets) {
    NX_TRY_VOID(check(secret));
    const std::string name = secret.name;
    if (!result.secrets_.emplace(name, std::make_shared<const HttpSecret>(std::move(secret))).second)
      return Error{ErrorCode::kInvalidArgument, fmt::format("secret \"{}\" is there twice", name)};
  }
  return result;
}

Result<std::shared_ptr<const HttpSecret>> HttpSecrets::find(const std::string& name,
                                                            std::string_view workspace) const {
  const auto found = secrets_.find(name);
  const auto usable = [&](const HttpSecret& secret) {
    return std::any_of(secret.workspaces.begin(), secret.workspaces.end(),
                       [&](const std::string& w) { return w == "*" || w == workspace; });
  };
  if (found != secrets_.end() && usable(*found->second)) return found->second;
  return Error{ErrorCode::kPermissionDenied,
               fmt::format("there is no secret {} for this workspace",
                           value::to_json(name.substr(0, kMaxNameBytes)))};
}

void redact(const HttpSecret& secret, std::string& text) {
  const std::string shown = fmt::format("[secret {}]", secret.name);
  replace_all(secret.value, shown, text);
  std::string escaped = value::to_json(secret.value);
  escaped = escaped.substr(1, escaped.size() - 2);
  if (escaped != secret.value) replace_all(escaped, shown, text);
}

}  // namespace nexus::extension
