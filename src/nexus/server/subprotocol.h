#pragma once

#include <string_view>

#include "nexus/base/result.h"

// The subprotocols of a WebSocket (RFC 6455 section 1.9): how its messages are written. Pure.
namespace nexus::server {

enum class Encoding { kJson, kMsgpack };

// What starts the entry that carries a token instead of naming a subprotocol.
inline constexpr std::string_view kBearerPrefix = "nexus.bearer.";

struct Subprotocol {
  Encoding encoding = Encoding::kJson;
  std::string_view name;  // to answer with; empty when the client named none
};

// The first of ours in the client's list, which is in the order of its preference; JSON when it
// names none at all. Error kBadRequest when it names only others: it would not understand us.
Result<Subprotocol> choose_subprotocol(std::string_view offered);

}  // namespace nexus::server
