#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/base/result.h"

namespace nexus::server {

// Whom a request comes from, as far as counting goes.
struct Client {
  std::string address;    // of IPv6 the first 64 bits: one subscriber has all the others
  bool is_local = false;  // this machine
};

// The proxies in front of this server whose X-Forwarded-For is believed. Frozen; any thread.
class ProxyList {
 public:
  // Addresses, or networks such as 10.0.0.0/8. Error kInvalidArgument names the entry that is
  // neither.
  static Result<ProxyList> parse(const std::vector<std::string>& entries);

  // The peer; behind trusted proxies the last address of `forwarded_for` that is not one of them.
  Client client(const std::string& peer, std::string_view forwarded_for) const;

 private:
  bool trusts(const std::string& bytes) const;

  // An address of 16 bytes, IPv4 mapped into IPv6, and how many of its bits count.
  std::vector<std::pair<std::string, unsigned>> networks_;
};

}  // namespace nexus::server
