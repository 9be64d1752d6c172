#pragma once

#include <memory>

#include "nexus/server/context.h"
#include "nexus/server/request.h"
#include "nexus/server/socket.h"

namespace nexus::server {

// What a connection may expect: everything, or, when too many are open, one answer (kSpareConnections of server.h).
enum class Room { kOrdinary, kSpare };

// Serves one connection: request after request in order, each answered before the next is read,
// until one side closes or it becomes a WebSocket. Loop thread.
void start_http_session(std::shared_ptr<Context> context, Port port, Room room, OwnedSocket socket);

}  // namespace nexus::server
