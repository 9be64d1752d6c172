#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/panel/workspace.h"
#include "nexus/value/value.h"

// Reads the queries and bodies of the /panels routes. Pure.
namespace nexus::server {

struct ListRequest {
  std::size_t limit = 50;
  std::optional<std::string> cursor;
  // Only the panel with this id, if there is one: for pages that ask whether it exists.
  std::optional<std::string> id;
  // Only panels whose id, title, description and tags have all of these words.
  std::optional<std::string> search;
};

// Error: kInvalidArgument for a limit outside 1 to 1000, kBadRequest for a query that cannot be
// read.
Result<ListRequest> parse_list_request(std::string_view query);

struct SocketRequest {
  bool patches = false;  // `patches=json-patch`
  std::optional<panel::SeenUpTo> seen;  // `epoch=` and `since=`
};

// The query of a WebSocket's upgrade. Errors as above; kInvalidArgument for another kind of
// patches.
Result<SocketRequest> parse_socket_request(std::string_view query);

struct HistoryRequest {
  std::size_t limit = 50;
  std::uint64_t before = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
};

// The query of a panel's history. Errors as parse_list_request().
Result<HistoryRequest> parse_history_request(std::string_view query);

// `version=` of a panel's state; nullopt for the present one. Errors as parse_list_request().
Result<std::optional<std::uint64_t>> parse_state_request(std::string_view query);

// What a request to run a tool says besides its arguments.
struct TriggerOptions {
  bool respond_async = false;  // Prefer: respond-async
  std::optional<panel::RequestKey> key = {};
};

// The Idempotency-Key field, nullopt when it is empty; `request` and `body` say which request the key
// is for. Error kInvalidArgument: a key of more than 255 characters, or not of printable ASCII.
Result<std::optional<panel::RequestKey>> parse_request_key(std::string_view field,
                                                           std::string_view request,
                                                           std::string_view body);

// From the Prefer (RFC 7240) and Idempotency-Key fields. Errors as parse_request_key().
Result<TriggerOptions> parse_trigger_options(std::string_view prefer,
                                             std::string_view idempotency_key,
                                             std::string_view path, std::string_view body);

// The body of POST /panels: NXML as application/xml, or JSON {source, panelId?, initialState?,
// durability?, grants?, extensions?, preview?}.
// Errors: kUnsupportedMediaType, kParseError for JSON that cannot be read, kInvalidArgument for a
// field that is missing, unknown or of the wrong type: a misspelt `grants` that is ignored would be a hole.
Result<panel::CreateRequest> parse_create_request(std::string_view content_type, std::string body);

// The body of a trigger: a JSON object, or empty for no arguments (null). Errors as above.
Result<value::Value> parse_trigger_args(std::string_view content_type, std::string_view body);

}  // namespace nexus::server
