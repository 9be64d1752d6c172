#pragma once

#include <memory>
#include <optional>
#include <string>

#include "nexus/server/context.h"
#include "nexus/server/socket.h"
#include "nexus/server/subprotocol.h"

namespace nexus::server {

// An upgrade request that was admitted (admission.h), and the socket it came by.
struct WsHandshake {
  OwnedSocket socket;
  std::string panel;
  std::string key;  // Sec-WebSocket-Key
  Subprotocol subprotocol;
  bool patches = false;   // the client takes JSON Patch in place of whole keys
  std::optional<panel::SeenUpTo> seen = {};  // before, on another connection
  auth::Identity identity = {};
};

// Answers the upgrade and serves one client of a panel until either side closes. Loop thread.
void start_ws_session(std::shared_ptr<Context> context, WsHandshake handshake);

}  // namespace nexus::server
