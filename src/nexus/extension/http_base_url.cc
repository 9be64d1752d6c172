#include "nexus/extension/http_base_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "nexus/extension/http_policy.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// SPEC: RFC 3986 section 3.1.
bool has_scheme(std::string_view url) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto colon = url.find(':');
  return colon != std::string_view::npos && colon > 0 && is_letter(url.front()) &&
         std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

// The path with every escape undone, as often as it takes: servers undo them at different times.
std::string fully_decoded(std::string path) {
  for (std::size_t at = 0; (at = path.find('%', at)) != std::string::npos;) {
    const auto digit = [&](std::size_t i) {
      return i < path.size() && std::isxdigit(static_cast<unsigned char>(path[i])) != 0;
    };
    if (!digit(at + 1) || !digit(at + 2)) {
      ++at;
      continue;
    }
    path.replace(at, 3, 1, static_cast<char>(std::stoi(path.substr(at + 1, 2), nullptr, 16)));
  }
  return path;
}

bool climbs(const std::string& path) {
  std::string_view rest = path;
  for (;;) {
    const auto end = rest.find_first_of("/\\");
    if (rest.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

Result<void> check_base_url(const std::string& text) {
  const auto path = text.find('/', text.find("://") == std::string::npos ? 0 : text.find("://") + 3);
  const auto origin = parse_origin(text.substr(0, path));
  if (!origin.ok() || text.find_first_of("?#") != std::string::npos)
    return invalid(fmt::format(
        "baseURL must be an http or https URL without credentials, query and fragment, found {}",
        value::to_json(text)));
  return {};
}

Result<std::string> resolve_url(const std::string& base, const std::string& url) {
  if (has_scheme(url)) return url;
  if (base.empty())
    return invalid(fmt::format(
        "url {} is relative and the panel sets no baseURL for this extension", value::to_json(url)));
  const std::string path = fully_decoded(url.substr(0, url.find_first_of("?#")));
  if (path.starts_with("//") || path.find('\\') != std::string::npos || climbs(path))
    return invalid(fmt::format("url {} leads out of the baseURL", value::to_json(url)));
  std::string resolved = base;
  while (resolved.ends_with('/')) resolved.pop_back();
  if (url.empty() || url.front() == '?' || url.front() == '#') return resolved + url;
  return resolved + (url.front() == '/' ? "" : "/") + url;
}

}  // namespace nexus::extension
