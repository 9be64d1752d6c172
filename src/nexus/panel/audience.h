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
  // Announces a client: what is encoded from now on is encoded for it too.
  void expect(Client* client);
  bool expects(const Client* client) const;
  const std::vector<Client*>& expected() const { return expected_; }
  void attach(Client* client);
  void detach(Client* client);
  // Whether somebody, attached or expected, takes this kind of patches.
  bool takes(bool patches) const;
  // Sends to everyone who is attached when its turn comes.
  void send(const Frame& frame);
  // The same for a frame of two kinds: with whole keys, and with patches. Who takes one that is
  // nullptr gets none.
  void send(const Frame& whole, const Frame& patches);
  // Closes and forgets everyone.
  void close_all(std::uint16_t code, std::string_view reason);

  bool empty() const { return clients_.empty() && expected_.empty(); }
  std::size_t size() const { return clients_.size(); }

 private:
  bool contains(const Client* client) const;

  std::vector<Client*> clients_;
  std::vector<Client*> expected_;
};

}  // namespace nexus::panel
