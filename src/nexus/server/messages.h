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
#include "nexus/value/value.h"

// WebSocket messages between one client and the server; docs/PROTOCOL.md, "WebSocket". What goes to
// all clients of a panel is encoded by the panel. Pure.
namespace nexus::server {

struct TriggerMessage {
  std::string tool;
  value::Value args;  // null when absent
  std::optional<std::string> request_id;
};

struct SetMessage {
  std::vector<engine::PathStep> path;
  value::Value value;
  std::optional<std::string> request_id;
};

struct PingMessage {};

// A frame that is none of the above: what to answer with ERROR, for the request it names if it
// does.
struct BadMessage {
  Error error;
  std::optional<std::string> request_id;
};

using ClientMessage = std::variant<TriggerMessage, SetMessage, PingMessage, BadMessage>;

// Codes of a BadMessage: kParseError for what is no JSON object within the limits of a value,
// kUnknownMessage for a missing or unknown type, kInvalidArgument for a bad field.
ClientMessage parse_client_message(std::string_view text);

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
