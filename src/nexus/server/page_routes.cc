#include <fmt/format.h>

#include "nexus/server/handlers.h"

namespace nexus::server {
namespace {

// Scripts, styles and connections of this server only, nothing inline, no eval. WebSockets are
// named one by one because not every browser counts ws: as 'self'.
std::string content_security_policy(const HostPort& host, std::uint16_t ws_port) {
  const std::string own = host.port ? fmt::format("{}:{}", host.name, *host.port) : host.name;
  const std::string sockets = fmt::format("{}:{}", host.name, ws_port);
  return fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
      "'self'; "
      "connect-src 'self' ws://{0} wss://{0} ws://{1} wss://{1}; base-uri 'none'; form-action "
      "'none'; "
      "frame-ancestors 'self'",
      own, sockets);
}

Reply file_reply(const Context& context, const Request& request, std::string_view file) {
  const Asset* found = context.assets ? context.assets->find(file) : nullptr;
  if (!found) return error_reply({ErrorCode::kNotFound, "no such page"});
  return conditional_reply(request.if_none_match, found->etag, [found] {
    Reply reply;
    reply.content_type = found->content_type;
    reply.shared_body = found->bytes;
    // The names carry no hash, so browsers ask each time and mostly get a 304.
    reply.fields.emplace_back("Cache-Control", "no-cache");
    return reply;
  });
}

}  // namespace

Reply page(const Context& context, const Request& request, std::string_view file) {
  Reply reply = file_reply(context, request, file);
  reply.fields.emplace_back("Content-Security-Policy",
                            content_security_policy(request.host, context.ws_port));
  return reply;
}

Reply asset(const Context& context, const Request& request, std::string_view file) {
  Reply reply = file_reply(context, request, file);
  // An SVG opened by itself is a document, and may hold script.
  reply.fields.emplace_back("Content-Security-Policy", "default-src 'none'");
  return reply;
}

}  // namespace nexus::server
