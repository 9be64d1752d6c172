#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nexus/auth/identity.h"
#include "nexus/server/host_policy.h"
#include "nexus/server/router.h"
#include "nexus/trace/trace_context.h"

namespace nexus::server {

// Which of the server's ports a request came in by.
enum class Port { kHttp, kWebSocket, kMetrics };

// What the server looks at in a request's header, before any of it is trusted. The views live as
// long as the message they were taken from.
struct Head {
  Method method = Method::kOther;
  int version = 11;  // 10 or 11
  std::string_view target;
  std::size_t host_count = 0;
  std::size_t length_count = 0, coding_count = 0;  // of Content-Length and Transfer-Encoding
  std::string_view content_length, transfer_encoding;
  std::string_view host, origin, content_type, content_encoding, expect, if_none_match, prefer,
      idempotency_key;
  std::size_t authorization_count = 0;
  std::string_view authorization, forwarded_for;
  std::string_view ws_key, ws_version, ws_protocols;
  std::string_view traceparent;
  bool chunked = false;  // the body is framed by the chunked coding
  bool upgrade = false;  // asks to become a WebSocket
};

// A request that may be answered: the header has been checked (admission.h).
struct Request {
  Method method = Method::kGet;
  Match match;
  std::string query;  // as sent, without the question mark
  HostPort host;      // what the client calls this server
  std::string origin;
  std::string content_type;
  std::string if_none_match;
  std::string prefer;           // RFC 7240
  std::string idempotency_key;  // empty when there is none
  std::string body;
  auth::Identity identity;  // set once it is authorized (access.h)
  trace::TraceContext trace;  // the step that serves it
};

}  // namespace nexus::server
