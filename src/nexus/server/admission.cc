#include "nexus/server/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "nexus/server/panel_request.h"
#include "nexus/server/subprotocol.h"

namespace nexus::server {
namespace {

using Refusal = std::optional<Reply>;

constexpr std::size_t kWsKeyLength = 24;  // 16 bytes in base64; RFC 6455 section 4.1

Reply bad_request(std::string message) {
  return error_reply({ErrorCode::kBadRequest, std::move(message)});
}

Reply forbidden(std::string message) {
  return error_reply({ErrorCode::kForbidden, std::move(message)});
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return lower(x) == lower(y);
  });
}

// Kubernetes probes name the pod's address and load balancers whatever they like; the answers hold
// nothing.
bool is_probe(Route route) {
  return route == Route::kHealth || route == Route::kLive || route == Route::kReady;
}

// The answer to a message whose end two programs could see in different places: whatever comes
// after it may be somebody's body, so nothing more is read.
Refusal ambiguous(std::string message) {
  Reply refusal = bad_request(std::move(message));
  refusal.close = true;
  return refusal;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A proxy in front may frame a message differently when its length or coding is unusual, and then
// one client's bytes become the next one's request; RFC 9112 section 6.1 asks for exactly "chunked"
// last, and section 6.3 for one length.
Refusal check_framing(const Head& head) {
  if (head.length_count > 1 || (head.length_count == 1 && !is_number(head.content_length)))
    return ambiguous("content-length must be one number");
  if (head.coding_count == 0) return std::nullopt;
  if (head.version < 11) return ambiguous("transfer-encoding in an HTTP/1.0 request");
  if (head.coding_count > 1 || !head.chunked ||
      !equals_ignoring_case(head.transfer_encoding, "chunked")) {
    return ambiguous("unsupported transfer-encoding; send 'chunked' or a content-length");
  }
  return std::nullopt;
}

Refusal check_host(const Context& context, Port port, const Head& head, Request& request) {
  if (head.host_count > 1) return bad_request("more than one host field");
  if (head.host_count == 0) {
    if (head.version >= 11) return bad_request("the host field is missing");
    // HTTP/1.0 knows no Host, and browsers, whom the policy is about, do not speak it.
    request.host = parse_host(context.options.host).value_or(HostPort{"localhost", {}});
    return std::nullopt;
  }
  auto host = parse_host(head.host);
  if (!host) return bad_request("the host field is no host name");
  request.host = *std::move(host);
  // Scrapers, too, name the address they found.
  if (is_probe(request.match.route) || port == Port::kMetrics ||
      context.hosts->host_allowed(request.host))
    return std::nullopt;
  return forbidden(fmt::format(
      "host '{}' is not served here; the operator can add it to ALLOWED_HOSTS", request.host.name));
}

Reply with_field(Reply reply, std::string name, std::string value) {
  reply.fields.emplace_back(std::move(name), std::move(value));
  return reply;
}

Refusal check_port(const Context& context, Port port, const Head& head, Route route) {
  const bool metrics_apart = context.options.metrics_port.has_value();
  if (port == Port::kMetrics) {
    if (route == Route::kMetrics || is_probe(route)) return std::nullopt;
    return error_reply({ErrorCode::kNotFound, "this port serves /metrics and the probes only"});
  }
  if (route == Route::kMetrics && metrics_apart)
    return error_reply({ErrorCode::kNotFound, "metrics are on METRICS_PORT"});
  if (port == Port::kHttp || head.upgrade || is_probe(route)) return std::nullopt;
  const Error error{ErrorCode::kBadRequest,
                    fmt::format("this port takes WebSockets only; send HTTP requests to port {}",
                                context.http_port)};
  return with_field(error_reply(426, error), "Upgrade", "websocket");
}

Refusal check_method(const Head& head, Route route) {
  if (route == Route::kUnknown) return error_reply({ErrorCode::kNotFound, "no such path"});
  if (allows(route, head.method)) return std::nullopt;
  const std::string allowed = allow_list(route);
  const Error error{ErrorCode::kMethodNotAllowed,
                    fmt::format("{} takes {}", pattern(route), allowed)};
  return with_field(error_reply(error), "Allow", allowed);
}

// A browser sends any page's POST with a simple content type here without asking first, and opens
// any page's WebSocket. It always names the page's origin then; programs name none.
Refusal check_origin(const Context& context, const Head& head, const HostPort& host) {
  const bool changes =
      head.method == Method::kPost || head.method == Method::kDelete || head.upgrade;
  if (!changes || head.origin.empty() || context.hosts->origin_allowed(head.origin, host))
    return std::nullopt;
  return forbidden("pages of this origin may not call; the operator can add it to CORS_ORIGINS");
}

Refusal check_body_fields(const Head& head) {
  if (!head.content_encoding.empty() && !equals_ignoring_case(head.content_encoding, "identity")) {
    return error_reply(
        {ErrorCode::kUnsupportedMediaType, "encoded bodies are not taken; send the body as it is"});
  }
  if (!head.expect.empty() && !equals_ignoring_case(head.expect, "100-continue")) {
    return error_reply(417, {ErrorCode::kBadRequest, "expect takes 100-continue only"});
  }
  return std::nullopt;
}

bool is_ws_key(std::string_view key) {
  constexpr std::string_view kPadding = "==";
  if (key.size() != kWsKeyLength || !key.ends_with(kPadding)) return false;
  key.remove_suffix(kPadding.size());
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '+' || c == '/';
  });
}

Refusal check_upgrade(const Context& context, const Head& head, const Request& request) {
  if (!head.upgrade) {
    const Error error{ErrorCode::kBadRequest, "this path takes WebSockets; connect with ws://"};
    return with_field(error_reply(426, error), "Upgrade", "websocket");
  }
  if (head.ws_version != "13") {
    const Error error{ErrorCode::kBadRequest,
                      "unsupported WebSocket version; send sec-websocket-version: 13"};
    return with_field(error_reply(426, error), "Sec-WebSocket-Version", "13");
  }
  if (!is_ws_key(head.ws_key))
    return bad_request("sec-websocket-key is not 16 bytes in base64");
  if (auto query = parse_socket_request(request.query); !query.ok())
    return error_reply(query.error());
  if (auto chosen = choose_subprotocol(head.ws_protocols); !chosen.ok())
    return error_reply(chosen.error());
  if (context.stopping)
    return error_reply({ErrorCode::kUnavailable, "the server is shutting down"});
  return std::nullopt;
}

Reply options_reply(Route route) {
  return with_field(empty_reply(204), "Allow", allow_list(route));
}

Request describe(const Head& head, Target target) {
  Request request;
  request.method = head.method;
  request.match = find_route(target.segments);
  request.query = std::move(target.query);
  request.origin = head.origin;
  request.content_type = head.content_type;
  request.if_none_match = head.if_none_match;
  request.prefer = head.prefer;
  request.idempotency_key = head.idempotency_key;
  return request;
}

}  // namespace

std::variant<Request, Reply> admit(const Context& context, Port port, const Head& head) {
  if (Refusal refusal = check_framing(head)) return *std::move(refusal);
  if (head.method == Method::kOptions && head.target == "*") return empty_reply(204);
  Result<Target> target = parse_target(head.target);
  if (!target.ok()) return error_reply(target.error());
  Request request = describe(head, std::move(target).take());
  const Route route = request.match.route;
  Refusal refusal = check_host(context, port, head, request);
  if (!refusal) refusal = check_port(context, port, head, route);
  if (!refusal) refusal = check_method(head, route);
  if (!refusal && head.method == Method::kOptions) refusal = options_reply(route);
  if (!refusal) refusal = check_origin(context, head, request.host);
  if (!refusal) refusal = check_body_fields(head);
  if (!refusal && route == Route::kSocket) refusal = check_upgrade(context, head, request);
  if (refusal) return *std::move(refusal);
  return request;
}

void add_cors_fields(const Context& context, std::string_view origin, Reply& reply) {
  if (!context.hosts->lists_origins()) return;
  reply.fields.emplace_back("Vary", "Origin");
  if (origin.empty() || !context.hosts->origin_listed(origin)) return;
  reply.fields.emplace_back("Access-Control-Allow-Origin", std::string(origin));
  reply.fields.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS");
  reply.fields.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-None-Match, Prefer, traceparent");
  reply.fields.emplace_back("Access-Control-Expose-Headers", "ETag, Location, Preference-Applied, Retry-After, WWW-Authenticate, traceparent");
  reply.fields.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace nexus::server
