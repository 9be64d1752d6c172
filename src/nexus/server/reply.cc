#include "nexus/server/reply.h"

#include "nexus/value/json.h"

namespace nexus::server {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Reply json_reply(int status, std::string json) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = std::move(json);
  reply.fields.emplace_back("Cache-Control", "no-store");
  return reply;
}

Reply empty_reply(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

Reply error_reply(const Error& error, std::string_view details) {
  return error_reply(http_status(error.code), error, details);
}

Reply error_reply(int status, const Error& error, std::string_view details) {
  std::string json = R"({"error":{"code":)";
  value::write_json_string(to_string(error.code), json);
  json += R"(,"message":)";
  value::write_json_string(error.message, json);
  if (!details.empty()) {
    json += R"(,"details":)";
    json += details;
  }
  json += "}}";
  Reply reply = json_reply(status, std::move(json));
  if (status == 429 || status == 503) reply.fields.emplace_back("Retry-After", "1");
  return reply;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::size_t comma = if_none_match.find(',');
    std::string_view tag = trim(if_none_match.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return true;
    if (comma == std::string_view::npos) break;
    if_none_match.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace nexus::server
