#include "nexus/server/panel_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "nexus/base/sha256.h"
#include "nexus/server/router.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

using value::Value;

constexpr std::size_t kMaxListLimit = 1000;
constexpr std::size_t kMaxKeyBytes = 255;
constexpr std::size_t kMaxGrants = 1000;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Result<std::size_t> parse_limit(const std::string& text) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit == 0 ||
      limit > kMaxListLimit) {
    return invalid(fmt::format("limit is '{}'; send a number from 1 to {}", text.substr(0, 32),
                               kMaxListLimit));
  }
  return limit;
}

Result<std::uint64_t> parse_number(std::string_view name, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return invalid(fmt::format("{} is '{}'; send a whole number", name, text.substr(0, 32)));
  return number;
}

// The media type in lower case without parameters; a charset other than UTF-8 makes it empty.
std::string media_type(std::string_view content_type) {
  std::string lower(content_type);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::size_t charset = lower.find("charset=");
  if (charset != std::string::npos) {
    const std::string_view named = std::string_view(lower).substr(charset + 8);
    if (!named.starts_with("utf-8") && !named.starts_with("\"utf-8\"")) return {};
  }
  lower.resize(std::min(lower.find(';'), lower.size()));
  while (!lower.empty() && (lower.back() == ' ' || lower.back() == '\t')) lower.pop_back();
  return lower;
}

Error wrong_type(std::string_view wanted) {
  return {ErrorCode::kUnsupportedMediaType, fmt::format("send the body as {} in UTF-8", wanted)};
}

Error wrong_field(std::string_view name, std::string_view wanted, const Value& value) {
  return invalid(fmt::format("{} is a {}; it must be {}", name, to_string(value.type()), wanted));
}

Result<capability::GrantSet> read_grants(const Value& value) {
  if (!value.is_list()) return wrong_field("grants", "a list of capability tokens", value);
  if (value.list().size() > kMaxGrants)
    return invalid(fmt::format("grants has {} tokens, limit {}", value.list().size(), kMaxGrants));
  std::vector<capability::Token> tokens;
  for (const Value& word : value.list()) {
    if (!word.is_string()) return wrong_field("a token of grants", "a string", word);
    auto token = capability::parse_token(word.string());
    if (!token.ok()) return invalid("grants: " + token.error().message);
    tokens.push_back(std::move(token).take());
  }
  return capability::GrantSet(std::move(tokens));
}

Result<void> read_create_field(const std::string& name, Value& value,
                               panel::CreateRequest& request) {
  if (name == "source") {
    if (!value.is_string()) return wrong_field(name, "a string of NXML", value);
    request.source = std::move(value.string());
  } else if (name == "panelId") {
    if (!value.is_string()) return wrong_field(name, "a string", value);
    request.panel_id = std::move(value.string());
  } else if (name == "initialState") {
    if (!value.is_object()) return wrong_field(name, "an object", value);
    request.initial_state = std::move(value);
  } else if (name == "preview") {
    if (!value.is_boolean()) return wrong_field(name, "true or false", value);
    request.preview = value.boolean();
  } else if (name == "durability") {
    request.durability = storage::parse_durability(value.is_string() ? value.string() : "");
    if (!request.durability)
      return invalid(fmt::format("durability is {}; it must be \"commit\", \"async\" or \"none\"",
                                 value::to_json(value).substr(0, 64)));
  } else if (name == "grants") {
    NX_TRY(request.grants, read_grants(value));
  } else if (name == "extensions") {
    if (!value.is_object()) return wrong_field(name, "an object of settings by alias", value);
    request.extensions = std::move(value.object());
  } else {
    return invalid(fmt::format("unknown field '{}'; known are source, panelId, initialState, durability, grants, "
                               "extensions and preview",
                               name.substr(0, 64)));
  }
  return {};
}

Result<panel::CreateRequest> read_create_json(std::string_view body) {
  NX_TRY(Value json, value::parse_json(body));
  if (!json.is_object()) return wrong_field("the body", "an object with a 'source'", json);
  if (!json.find("source")) return invalid("'source' is missing: the NXML text of the panel");
  panel::CreateRequest request;
  for (auto& [name, value] : json.object()) NX_TRY_VOID(read_create_field(name, value, request));
  return request;
}

}  // namespace

Result<ListRequest> parse_list_request(std::string_view query) {
  NX_TRY(const std::vector<QueryField> fields, parse_query(query));
  ListRequest request;
  for (const QueryField& field : fields) {
    if (field.key == "limit") {
      NX_TRY(request.limit, parse_limit(field.value));
    } else if (field.key == "cursor") {
      request.cursor = field.value;
    } else if (field.key == "id") {
      request.id = field.value;
    } else if (field.key == "search") {
      request.search = field.value;
    }
  }
  return request;
}

Result<SocketRequest> parse_socket_request(std::string_view query) {
  NX_TRY(const std::vector<QueryField> fields, parse_query(query));
  SocketRequest request;
  std::optional<std::string> epoch;
  std::optional<std::uint64_t> since;
  for (const QueryField& field : fields) {
    if (field.key == "epoch") epoch = field.value;
    if (field.key == "since") {
      NX_TRY(since, parse_number("since", field.value));
    }
    if (field.key != "patches") continue;
    if (field.value != "json-patch")
      return invalid(fmt::format("patches is '{}'; send 'json-patch', or nothing for whole keys",
                                 field.value.substr(0, 32)));
    request.patches = true;
  }
  if (epoch.has_value() != since.has_value())
    return invalid("epoch and since go together: the CONNECTED's epoch and the last version seen");
  if (epoch) request.seen = panel::SeenUpTo{*std::move(epoch), *since};
  return request;
}

Result<HistoryRequest> parse_history_request(std::string_view query) {
  NX_TRY(const std::vector<QueryField> fields, parse_query(query));
  HistoryRequest request;
  for (const QueryField& field : fields) {
    if (field.key == "limit") {
      NX_TRY(request.limit, parse_limit(field.value));
    } else if (field.key == "before") {
      NX_TRY(const std::uint64_t before, parse_number("before", field.value));
      request.before = std::min(before, request.before);
    }
  }
  return request;
}

Result<std::optional<std::uint64_t>> parse_state_request(std::string_view query) {
  NX_TRY(const std::vector<QueryField> fields, parse_query(query));
  std::optional<std::uint64_t> version;
  for (const QueryField& field : fields)
    if (field.key == "version") {
      NX_TRY(version, parse_number("version", field.value));
    }
  return version;
}

Result<std::optional<panel::RequestKey>> parse_request_key(std::string_view field,
                                                           std::string_view request,
                                                           std::string_view body) {
  if (field.empty()) return std::optional<panel::RequestKey>();
  if (field.size() > kMaxKeyBytes ||
      !std::all_of(field.begin(), field.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
    return invalid(fmt::format("the Idempotency-Key must be 1 to {} printable characters of ASCII",
                               kMaxKeyBytes));
  return std::optional(panel::RequestKey{
      std::string(field), sha256_hex(std::string(request) + '\n' + std::string(body))});
}

Result<TriggerOptions> parse_trigger_options(std::string_view prefer,
                                             std::string_view idempotency_key,
                                             std::string_view path, std::string_view body) {
  TriggerOptions options;
  for (std::string_view rest = prefer; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view preference = rest.substr(0, std::min(comma, rest.find(';')));
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    while (preference.starts_with(' ')) preference.remove_prefix(1);
    while (preference.ends_with(' ')) preference.remove_suffix(1);
    if (preference == "respond-async") options.respond_async = true;
  }
  NX_TRY(options.key, parse_request_key(idempotency_key, path, body));
  return options;
}

Result<panel::CreateRequest> parse_create_request(std::string_view content_type, std::string body) {
  const std::string type = media_type(content_type);
  if (type == "application/json") return read_create_json(body);
  if (type != "application/xml")
    return wrong_type("application/xml (NXML) or application/json ({source, ...})");
  panel::CreateRequest request;
  request.source = std::move(body);
  return request;
}

Result<Value> parse_trigger_args(std::string_view content_type, std::string_view body) {
  if (body.empty()) return Value();
  if (!content_type.empty() && media_type(content_type) != "application/json")
    return wrong_type("application/json");
  NX_TRY(Value args, value::parse_json(body));
  if (!args.is_object()) return wrong_field("the body", "an object of arguments by name", args);
  return args;
}

}  // namespace nexus::server
