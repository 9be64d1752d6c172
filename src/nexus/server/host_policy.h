#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Who may talk to this server from a browser: Host against DNS rebinding, Origin against cross-site
// calls. Pure.
namespace nexus::server {

// A host as the Host field names it (RFC 9110 section 7.2).
struct HostPort {
  std::string name;  // lower case, without a final dot; IPv6 keeps its brackets
  std::optional<std::uint16_t> port;
  bool operator==(const HostPort&) const = default;
};

// "name", "name:port", "[v6]" or "[v6]:port". Nothing for any other text: the name is echoed in
// header fields and URLs, so only the letters of host names pass.
std::optional<HostPort> parse_host(std::string_view text);

// Whether a socket bound to this reaches this machine only.
enum class Bound { kLoopback, kOutside };

class HostPolicy {
 public:
  // The ports are the server's own, known once bound.
  HostPolicy(Bound bound, const std::vector<std::string>& allowed_hosts,
             std::vector<std::string> cors_origins, std::uint16_t http_port, std::uint16_t ws_port);

  // On loopback only its own names and the allowed ones pass, with any port: otherwise a page of
  // evil.example could rebind that name to 127.0.0.1 and talk to this server as its own origin.
  // Bound to the outside every name passes, unless a list is given.
  bool host_allowed(const HostPort& host) const;

  // Whether a page of `origin` may change things here or open a WebSocket: the page was served by
  // this server (same name, and the port of the request or one of the server's), or the list has
  // it.
  bool origin_allowed(std::string_view origin, const HostPort& host) const;

  bool lists_origins() const { return !cors_origins_.empty(); }
  // Whether answers may be read by pages of `origin` (the CORS protocol).
  bool origin_listed(std::string_view origin) const;

 private:
  const Bound bound_;
  std::vector<HostPort> allowed_hosts_;
  const std::vector<std::string> cors_origins_;
  const std::uint16_t http_port_;
  const std::uint16_t ws_port_;
};

}  // namespace nexus::server
