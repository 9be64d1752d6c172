#pragma once

// Made by script/generate_protocol from protocol/schema.json; do not edit.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/panel/subscription.h"
#include "nexus/value/value.h"

namespace nexus::server::wire {

// The types of what clients send.
enum class ClientMessageType { kTrigger, kSet, kSubscribe, kUnsubscribe, kPing };
inline constexpr std::array<std::string_view, 5> kClientMessageTypes = {
    "TRIGGER", "SET", "SUBSCRIBE", "UNSUBSCRIBE", "PING"};

// The types of what the server sends.
enum class ServerMessageType { kConnected, kPatch, kEvent, kView, kProgress, kResult, kError, kPong };
inline constexpr std::array<std::string_view, 8> kServerMessageTypes = {
    "CONNECTED", "PATCH", "EVENT", "VIEW", "PROGRESS", "RESULT", "ERROR", "PONG"};

inline constexpr std::size_t kMaxRequestIdBytes = 128;
inline constexpr std::size_t kMaxToolBytes = 256;
inline constexpr std::size_t kMaxPathSteps = 64;
inline constexpr std::size_t kMaxSubscribed = 1000;

// TRIGGER: Runs a tool.
struct TriggerMessage {
  std::string tool;
  value::Value args;
  std::optional<std::string> request_id;
};

// SET: Writes one value.
struct SetMessage {
  std::vector<engine::PathStep> path;
  value::Value value;
  std::optional<std::string> request_id;
};

// SUBSCRIBE: Asks for topics and keys.
struct SubscribeMessage {
  std::vector<panel::Topic> topics;
  std::vector<std::string> keys;
  std::optional<std::string> request_id;
};

// UNSUBSCRIBE: Gives up topics and keys.
struct UnsubscribeMessage {
  std::vector<panel::Topic> topics;
  std::vector<std::string> keys;
  std::optional<std::string> request_id;
};

// PING: Asks for a PONG.
struct PingMessage {};

// Why the server closes a socket (RFC 6455 section 7.4; 4000 to 4999 are free for such use).
inline constexpr std::uint16_t kNormal = 1000;  // the panel was destroyed, or the client said so
inline constexpr std::uint16_t kGoingAway = 1001;  // the server is shutting down
inline constexpr std::uint16_t kUnsupportedData = 1003;  // a text message on a binary subprotocol, or the reverse
inline constexpr std::uint16_t kPolicyViolation = 1008;  // too many pings or pongs
inline constexpr std::uint16_t kTryAgainLater = 1013;  // the client reads too slowly: reconnect
inline constexpr std::uint16_t kTokenExpired = 4401;  // the token that opened the socket has expired

}  // namespace nexus::server::wire
