#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "nexus/base/result.h"
#include "nexus/loop/loop.h"
#include "nexus/server/host_policy.h"
#include "nexus/server/socket.h"

namespace nexus::server {

// An address to bind: numeric, with or without brackets, or "localhost" for 127.0.0.1.
// Error kInvalidArgument for anything else.
Result<Bound> classify_bind_address(const std::string& host);

// Accepts connections on one port. Loop thread only.
class Listener {
 public:
  // Binds at once; `setting` names the port's setting in errors. `accepted` gets each connection
  // until the Listener is destroyed. Errors: kUnavailable when the port is in use or may not be
  // bound.
  static Result<std::unique_ptr<Listener>> open(loop::Loop& loop, const std::string& host,
                                                std::uint16_t port, const std::string& setting,
                                                std::function<void(OwnedSocket)> accepted);
  virtual ~Listener() = default;

  virtual std::uint16_t port() const = 0;
};

}  // namespace nexus::server
