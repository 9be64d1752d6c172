#pragma once

#include <sys/socket.h>

#include <string_view>

namespace nexus::extension {

// True when a handler may connect to `address` without the operator's leave: a unicast address of
// the public internet. False for loopback, private, link-local, carrier-grade NAT, multicast,
// documentation and reserved ranges, for cloud metadata services, for IPv6 forms that carry an IPv4
// address which is not public, and for every family but IPv4 and IPv6. Any thread. Source: the IANA
// special-purpose address registries (RFC 6890 and its updates).
bool is_public_address(const sockaddr& address, socklen_t length);

}  // namespace nexus::extension
