#include "nexus/server/host_policy.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace nexus::server {
namespace {

constexpr std::size_t kMaxHostLength = 255;  // RFC 1035 section 2.3.4

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_v6_char(char c) {
  return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// Where the name ends and the port's colon, if any, stands.
std::size_t name_length(std::string_view text) {
  if (!text.starts_with('[')) return std::min(text.find(':'), text.size());
  const std::size_t bracket = text.find(']');
  return bracket == std::string_view::npos ? text.size() : bracket + 1;
}

bool is_name(std::string_view name) {
  if (name.empty()) return false;
  if (!name.starts_with('[')) return std::all_of(name.begin(), name.end(), is_name_char);
  if (name.size() < 4 || !name.ends_with(']')) return false;
  return std::all_of(name.begin() + 1, name.end() - 1, is_v6_char);
}

bool is_loopback_name(std::string_view name) {
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

struct Origin {
  HostPort host;
  std::uint16_t default_port;
};

std::optional<Origin> parse_origin(std::string_view text) {
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::uint16_t>{"http://", 80}, {"https://", 443}}) {
    if (!text.starts_with(scheme)) continue;
    auto host = parse_host(text.substr(scheme.size()));
    if (!host) return std::nullopt;
    return Origin{*std::move(host), port};
  }
  return std::nullopt;
}

}  // namespace

std::optional<HostPort> parse_host(std::string_view text) {
  if (text.size() > kMaxHostLength) return std::nullopt;
  const std::size_t length = name_length(text);
  HostPort host;
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length),
                 std::back_inserter(host.name), lower);
  if (host.name.size() > 1 && host.name.ends_with('.')) host.name.pop_back();
  if (!is_name(host.name)) return std::nullopt;
  if (length == text.size()) return host;
  if (text[length] != ':') return std::nullopt;
  host.port = parse_port(text.substr(length + 1));
  if (!host.port) return std::nullopt;
  return host;
}

HostPolicy::HostPolicy(Bound bound, const std::vector<std::string>& allowed_hosts,
                       std::vector<std::string> cors_origins, std::uint16_t http_port,
                       std::uint16_t ws_port)
    : bound_(bound),
      cors_origins_(std::move(cors_origins)),
      http_port_(http_port),
      ws_port_(ws_port) {
  for (const std::string& text : allowed_hosts) {
    if (auto host = parse_host(text)) allowed_hosts_.push_back(*std::move(host));
  }
}

bool HostPolicy::host_allowed(const HostPort& host) const {
  if (bound_ == Bound::kOutside && allowed_hosts_.empty()) return true;
  if (is_loopback_name(host.name)) return true;
  return std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(), [&](const HostPort& allowed) {
    return allowed.name == host.name && (!allowed.port || allowed.port == host.port);
  });
}

bool HostPolicy::origin_allowed(std::string_view origin, const HostPort& host) const {
  if (origin_listed(origin)) return true;
  const auto parsed = parse_origin(origin);
  if (!parsed || parsed->host.name != host.name) return false;
  const std::uint16_t page_port = parsed->host.port.value_or(parsed->default_port);
  // A Host without a port means the default of the scheme, which only a proxy that ends TLS knows.
  return page_port == host.port.value_or(parsed->default_port) || page_port == http_port_ ||
         page_port == ws_port_;
}

bool HostPolicy::origin_listed(std::string_view origin) const {
  return std::any_of(cors_origins_.begin(), cors_origins_.end(),
                     [&](const std::string& listed) { return listed == "*" || listed == origin; });
}

}  // namespace nexus::server
