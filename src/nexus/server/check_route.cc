#include <utility>

#include "nexus/server/handlers.h"
#include "nexus/server/panel_request.h"

namespace nexus::server {

void check_source(const Context& context, Request request, const Respond& respond) {
  Result<panel::CreateRequest> wanted =
      parse_create_request(request.content_type, std::move(request.body));
  if (!wanted.ok()) return respond(error_reply(wanted.error()));
  context.workspace.check(std::move(wanted->source), [respond](Result<std::string> report) {
    respond(report.ok() ? json_reply(200, std::move(report).take()) : error_reply(report.error()));
  });
}

}  // namespace nexus::server
