#include "nexus/server/subprotocol.h"

#include <array>

#include "nexus/server/field_list.h"

namespace nexus::server {
namespace {

constexpr std::array kKnown = {
    Subprotocol{Encoding::kJson, "nexus.v1.json"},
    Subprotocol{Encoding::kMsgpack, "nexus.v1.msgpack"},
};

}  // namespace

Result<Subprotocol> choose_subprotocol(std::string_view offered) {
  bool foreign = false;
  while (!offered.empty()) {
    const std::string_view entry = take_entry(offered);
    if (entry.empty() || entry.starts_with(kBearerPrefix)) continue;
    for (const Subprotocol& known : kKnown)
      if (known.name == entry) return known;
    foreign = true;
  }
  if (foreign)
    return Error{ErrorCode::kBadRequest,
                 "none of the offered subprotocols is spoken here; offer nexus.v1.json or "
                 "nexus.v1.msgpack, or none"};
  return Subprotocol{};
}

}  // namespace nexus::server
