#include "nexus/server/messages.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::server {
namespace {

using value::Value;

using wire::kMaxPathSteps;
using wire::kMaxRequestIdBytes;
using wire::kMaxSubscribed;
using wire::kMaxToolBytes;

BadMessage bad_field(std::string message, std::optional<std::string> request_id) {
  return {{ErrorCode::kInvalidArgument, std::move(message)}, std::move(request_id)};
}

// The field when it is what it should be; an error otherwise; nothing when it is absent.
Result<std::optional<std::string>> read_request_id(const Value& message) {
  const Value* field = message.find("requestId");
  if (!field || field->is_null()) return std::optional<std::string>();
  if (!field->is_string()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("requestId is a {}; send a string", to_string(field->type()))};
  }
  if (field->string().size() > kMaxRequestIdBytes) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("requestId has {} bytes, limit {}", field->string().size(),
                             kMaxRequestIdBytes)};
  }
  return std::optional(field->string());
}

ClientMessage read_trigger(Value& message, std::optional<std::string> request_id) {
  const Value* tool = message.find("tool");
  if (!tool || !tool->is_string())
    return bad_field("TRIGGER needs 'tool', the name of a tool", std::move(request_id));
  if (tool->string().size() > kMaxToolBytes) {
    return bad_field(
        fmt::format("tool has {} bytes, limit {}", tool->string().size(), kMaxToolBytes),
        std::move(request_id));
  }
  TriggerMessage trigger{tool->string(), {}, std::move(request_id)};
  if (Value* args = message.object().find("args")) trigger.args = std::move(*args);
  return trigger;
}

std::optional<engine::PathStep> read_step(const Value& step) {
  if (step.is_string()) return engine::PathStep{step.string(), std::nullopt};
  if (!step.is_number()) return std::nullopt;
  const double index = step.number();
  if (index < 0 || index > 4294967295.0 || index != std::floor(index)) return std::nullopt;
  return engine::PathStep{{}, static_cast<std::uint32_t>(index)};
}

ClientMessage read_set(Value& message, std::optional<std::string> request_id) {
  const Value* path = message.find("path");
  if (!path || !path->is_list() || path->list().empty()) {
    return bad_field(
        "SET needs 'path', a list of keys and positions that starts with a state's name",
        std::move(request_id));
  }
  if (path->list().size() > kMaxPathSteps) {
    return bad_field(fmt::format("path has {} steps, limit {}", path->list().size(), kMaxPathSteps),
                     std::move(request_id));
  }
  Value* written = message.object().find("value");
  if (!written) return bad_field("SET needs 'value'", std::move(request_id));
  SetMessage set;
  for (const Value& step : path->list()) {
    auto read = read_step(step);
    if (!read)
      return bad_field("a step of 'path' is neither a key nor a list position",
                       std::move(request_id));
    set.path.push_back(*std::move(read));
  }
  set.value = std::move(*written);
  set.request_id = std::move(request_id);
  return set;
}

// A list of strings, absent included. Error kInvalidArgument.
Result<std::vector<std::string>> read_names(const Value& message, std::string_view field) {
  std::vector<std::string> names;
  const Value* const list = message.find(field);
  if (!list) return names;
  const Error bad{ErrorCode::kInvalidArgument,
                  fmt::format("{} must be a list of at most {} strings", field, kMaxSubscribed)};
  if (!list->is_list() || list->list().size() > kMaxSubscribed) return bad;
  for (const Value& name : list->list()) {
    if (!name.is_string()) return bad;
    names.push_back(name.string());
  }
  return names;
}

Result<std::vector<panel::Topic>> read_topics(const Value& message) {
  std::vector<panel::Topic> topics;
  NX_TRY(const std::vector<std::string> names, read_names(message, "topics"));
  for (const std::string& name : names) {
    const auto topic = panel::parse_topic(name);
    if (!topic)
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("unknown topic '{}'; known are state, events and view",
                               name.substr(0, 64))};
    topics.push_back(*topic);
  }
  return topics;
}

// SubscribeMessage or UnsubscribeMessage.
template <typename Message>
ClientMessage read_subscription(Value& message, std::optional<std::string> request_id) {
  auto topics = read_topics(message);
  if (!topics.ok()) return BadMessage{std::move(topics).take_error(), std::move(request_id)};
  auto keys = read_names(message, "keys");
  if (!keys.ok()) return BadMessage{std::move(keys).take_error(), std::move(request_id)};
  if (topics->empty() && keys->empty())
    return bad_field("name 'topics' (state, events, view) or 'keys' of the state",
                     std::move(request_id));
  return Message{std::move(topics).take(), std::move(keys).take(), std::move(request_id)};
}

using Reader = ClientMessage (*)(Value&, std::optional<std::string>);
// In the order of wire::ClientMessageType.
constexpr std::array<Reader, wire::kClientMessageTypes.size()> kReaders = {
    read_trigger,
    read_set,
    read_subscription<SubscribeMessage>,
    read_subscription<UnsubscribeMessage>,
    [](Value&, std::optional<std::string>) -> ClientMessage { return PingMessage{}; },
};

BadMessage unknown_type(const Value* type, std::optional<std::string> request_id) {
  std::string message = "message has no 'type'";
  if (type && type->is_string())
    message = fmt::format("unknown message type '{}'", type->string().substr(0, 64));
  message += fmt::format("; known are {}", fmt::join(wire::kClientMessageTypes, ", "));
  return {{ErrorCode::kUnknownMessage, std::move(message)}, std::move(request_id)};
}

std::string begin_message(std::string_view type, std::uint64_t version,
                          const std::optional<std::string>& request_id) {
  std::string out = fmt::format(R"({{"type":"{}","version":{})", type, version);
  if (request_id) {
    out += R"(,"requestId":)";
    value::write_json_string(*request_id, out);
  }
  return out;
}

void append_member(std::string_view key, std::string_view text, std::string& out) {
  out += ",\"";
  out += key;
  out += "\":";
  value::write_json_string(text, out);
}

}  // namespace

ClientMessage parse_client_message(std::string_view bytes, Encoding encoding) {
  Result<Value> parsed = encoding == Encoding::kJson
                             ? value::parse_json(bytes)
                             : value::decode_msgpack(std::as_bytes(std::span(bytes)));
  if (!parsed.ok()) {
    return BadMessage{{ErrorCode::kParseError, parsed.error().message}, std::nullopt};
  }
  Value& message = *parsed;
  if (!message.is_object()) {
    return BadMessage{
        {ErrorCode::kParseError, fmt::format("message is a {}; send an object with a 'type'",
                                             to_string(message.type()))},
        std::nullopt};
  }
  Result<std::optional<std::string>> request_id = read_request_id(message);
  if (!request_id.ok()) return BadMessage{std::move(request_id).take_error(), std::nullopt};
  const Value* type = message.find("type");
  for (std::size_t i = 0; i < kReaders.size(); ++i) {
    if (type && type->is_string() && type->string() == wire::kClientMessageTypes[i])
      return kReaders[i](message, std::move(request_id).take());
  }
  return unknown_type(type, std::move(request_id).take());
}

std::string encode_pong(std::uint64_t version) {
  return begin_message("PONG", version, std::nullopt) + "}";
}

std::string encode_error(std::uint64_t version, const Error& error,
                         const std::optional<std::string>& request_id) {
  std::string out = begin_message("ERROR", version, request_id);
  append_member("code", to_string(error.code), out);
  append_member("message", error.message, out);
  return out + "}";
}

std::string encode_progress(std::uint64_t version, const std::string& execution_id,
                            const std::vector<panel::WaitingCall>& calls,
                            const std::optional<std::string>& request_id) {
  std::string out = begin_message("PROGRESS", version, request_id);
  append_member("executionId", execution_id, out);
  out += R"(,"status":"suspended","calls":[)";
  bool first = true;
  for (const panel::WaitingCall& call : calls) {
    out += first ? "{\"id\":" : ",{\"id\":";
    value::write_json_string(call.id, out);
    append_member("extension", call.extension, out);
    append_member("method", call.method, out);
    if (call.progress) out += ",\"progress\":" + value::to_json(*call.progress);
    out += '}';
    first = false;
  }
  return out + "]}";
}

std::string encode_result(std::uint64_t version, const panel::ExecutionResult& result, bool debug,
                          const std::optional<std::string>& request_id) {
  std::string out = begin_message("RESULT", version, request_id);
  out += R"(,"result":)";
  panel::write_json(result, debug, out);
  return out + "}";
}

}  // namespace nexus::server
