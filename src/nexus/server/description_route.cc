#include <memory>

#include "nexus/base/sha256.h"
#include "nexus/server/handlers.h"

namespace nexus::server {
namespace {

// protocol/openapi.json, as it was built in.
constexpr char kDescription[] =
#include "openapi.inc"
    ;

}  // namespace

Reply api_description(const Request& request) {
  static const auto text = std::make_shared<const std::string>(kDescription);
  static const std::string etag = '"' + sha256_hex(*text).substr(0, 32) + '"';
  return conditional_reply(request.if_none_match, etag, [] {
    Reply reply;
    reply.content_type = "application/json";
    reply.shared_body = text;
    reply.fields.emplace_back("Cache-Control", "no-cache");
    return reply;
  });
}

}  // namespace nexus::server
