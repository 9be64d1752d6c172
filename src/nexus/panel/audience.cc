#include "nexus/panel/audience.h"

#include <algorithm>
#include <iterator>

namespace nexus::panel {

void Audience::expect(Client* client) {
  if (!expects(client)) expected_.push_back(client);
}

bool Audience::expects(const Client* client) const {
  return std::find(expected_.begin(), expected_.end(), client) != expected_.end();
}

void Audience::attach(Client* client) {
  std::erase(expected_, client);
  if (!contains(client)) clients_.push_back(client);
}

void Audience::detach(Client* client) {
  std::erase(expected_, client);
  std::erase(clients_, client);
}

bool Audience::takes(bool patches) const {
  const auto does = [&](const Client* client) { return client->takes_patches() == patches; };
  return std::any_of(clients_.begin(), clients_.end(), does) ||
         std::any_of(expected_.begin(), expected_.end(), does);
}

void Audience::send(const Frame& frame) { send(frame, frame); }

void Audience::send(const Frame& whole, const Frame& patches) {
  // A copy, because a client that cannot keep up may leave while it is being sent to.
  const std::vector<Client*> present = clients_;
  for (Client* client : present) {
    const Frame& frame = client->takes_patches() ? patches : whole;
    if (frame != nullptr && contains(client)) client->send(frame);
  }
}

void Audience::close_all(std::uint16_t code, std::string_view reason) {
  std::move(expected_.begin(), expected_.end(), std::back_inserter(clients_));
  expected_.clear();
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
