#include "nexus/panel/audience.h"

#include <algorithm>

namespace nexus::panel {

void Audience::attach(Client* client) {
  if (!contains(client)) clients_.push_back(client);
}

void Audience::detach(Client* client) { std::erase(clients_, client); }

void Audience::send(const Frame& frame) {
  send([&frame](bool) { return frame; });
}

void Audience::send(const std::function<Frame(bool patches)>& encode) {
  Frame encoded[2];
  // A copy, because a client that cannot keep up may leave while it is being sent to.
  const std::vector<Client*> present = clients_;
  for (Client* client : present) {
    if (!contains(client)) continue;
    Frame& frame = encoded[client->takes_patches() ? 1 : 0];
    if (frame == nullptr) frame = encode(client->takes_patches());
    client->send(frame);
  }
}

void Audience::close_all(std::uint16_t code, std::string_view reason) {
  while (!clients_.empty()) {
    Client* client = clients_.back();
    clients_.pop_back();
    client->close(code, reason);
  }
}

bool Audience::contains(const Client* client) const {
  return std::find(clients_.begin(), clients_.end(), client) != clients_.end();
}

}  // namespace nexus::panel
