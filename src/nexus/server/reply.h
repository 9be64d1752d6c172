#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/base/error.h"

namespace nexus::server {

// What a request is answered with. Framing (Content-Length, Connection, the missing body of HEAD)
// is the session's part.
struct Reply {
  int status = 200;
  std::string content_type;  // empty when there is no body
  std::string body;
  std::shared_ptr<const std::string>
      shared_body;  // instead of `body`, for bytes many answers share
  std::vector<std::pair<std::string, std::string>> fields;
  bool close = false;  // the connection cannot be used again

  std::string_view bytes() const { return shared_body ? std::string_view(*shared_body) : body; }
};

// JSON that must not be kept by caches.
Reply json_reply(int status, std::string json);

// 200 with JSON that caches may keep, but ask about each time.
Reply revalidated(std::string json);

Reply empty_reply(int status);

// The envelope {"error":{"code","message","details"?}} with the status of the error's code.
// `details` is JSON or empty.
Reply error_reply(const Error& error, std::string_view details = {});

// The same with a status that no code has of its own.
Reply error_reply(int status, const Error& error, std::string_view details = {});

// 304 when `if_none_match` (RFC 9110 section 13.1.2) has `etag`, else `fresh()`; both with the
// ETag.
template <typename Fresh>
Reply conditional_reply(std::string_view if_none_match, const std::string& etag, Fresh fresh);

// The Date field (RFC 9110 section 5.6.7).
std::string http_date(Clock::Wall time);

// Whether the field's list has the tag, by weak comparison; "*" has every tag.
bool etag_matches(std::string_view if_none_match, std::string_view etag);

template <typename Fresh>
Reply conditional_reply(std::string_view if_none_match, const std::string& etag, Fresh fresh) {
  Reply reply = etag_matches(if_none_match, etag) ? empty_reply(304) : fresh();
  reply.fields.emplace_back("ETag", etag);
  return reply;
}

}  // namespace nexus::server
