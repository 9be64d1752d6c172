#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "nexus/panel/workspace.h"

namespace nexus::panel {

// The clients of one panel. A client may attach or detach, itself or others, from inside the calls
// it gets. Loop thread only.
class Audience {
 public:
  void attach(Client* client);
  void detach(Client* client);
  // Sends to everyone who is attached when its turn comes.
  void send(const Frame& frame);
  // The same for a frame of two kinds, with patches and with whole keys; each is encoded at most
  // once, and only when somebody takes it.
  void send(const std::function<Frame(bool patches)>& encode);
  // Closes and forgets everyone.
  void close_all(std::uint16_t code, std::string_view reason);

  bool empty() const { return clients_.empty(); }
  std::size_t size() const { return clients_.size(); }

 private:
  bool contains(const Client* client) const;

  std::vector<Client*> clients_;
};

}  // namespace nexus::panel
