#include "nexus/server/socket.h"

#include <unistd.h>

namespace nexus::server {

OwnedSocket::~OwnedSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace nexus::server
