#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/engine/engine.h"
#include "nexus/panel/workspace.h"
#include "nexus/server/subprotocol.h"
#include "nexus/server/wire.h"
#include "nexus/value/value.h"

// WebSocket messages between one client and the server; docs/PROTOCOL.md, "WebSocket". What goes to
// all clients of a panel is encoded by the panel. Pure.
namespace nexus::server {

using wire::PingMessage;
using wire::SetMessage;
using wire::SubscribeMessage;
using wire::TriggerMessage;
using wire::UnsubscribeMessage;

// A frame that is none of the above: what to answer with ERROR, for the request it names if it
// does.
struct BadMessage {
  Error error;
  std::optional<std::string> request_id;
};

using ClientMessage = std::variant<TriggerMessage, SetMessage, SubscribeMessage,
                                   UnsubscribeMessage, PingMessage, BadMessage>;

// Codes of a BadMessage: kParseError for what is no object within the limits of a value,
// kUnknownMessage for a missing or unknown type, kInvalidArgument for a bad field.
ClientMessage parse_client_message(std::string_view bytes, Encoding encoding);

std::string encode_pong(std::uint64_t version);
std::string encode_error(std::uint64_t version, const Error& error,
                         const std::optional<std::string>& request_id);
std::string encode_progress(std::uint64_t version, const std::string& execution_id,
                            const std::vector<panel::WaitingCall>& calls,
                            const std::optional<std::string>& request_id);
// `debug` adds location, snippet and stack.
std::string encode_result(std::uint64_t version, const panel::ExecutionResult& result, bool debug,
                          const std::optional<std::string>& request_id);

}  // namespace nexus::server
