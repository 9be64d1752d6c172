#include "nexus/server/access.h"
#include "nexus/server/handlers.h"
#include "nexus/server/panel_request.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

// {panel?}. Error kInvalidArgument for anything else.
Result<std::optional<std::string>> read_panel(const Request& request) {
  NX_TRY(const value::Value body, parse_trigger_args(request.content_type, request.body));
  if (body.is_null()) return std::optional<std::string>();
  const value::Object& members = body.object();
  const value::Value* panel = body.find("panel");
  if (members.size() > (panel ? 1u : 0u) || (panel && !panel->is_string()))
    return Error{ErrorCode::kInvalidArgument,
                 "the body may have \"panel\", the id of a panel, and nothing else"};
  return panel ? std::optional(panel->string()) : std::nullopt;
}

}  // namespace

void issue_ticket(const Context& context, Request request, const Respond& respond) {
  Result<std::optional<std::string>> panel = read_panel(request);
  if (!panel.ok()) return respond(error_reply(panel.error()));
  if (*panel) {
    request.match.panel = **panel;
    if (!reachable_panel(context, request)) return respond(no_panel(request));
  }
  const Result<std::string> ticket =
      context.access->issue_ticket(request.identity, *std::move(panel));
  if (!ticket.ok()) return respond(error_reply(ticket.error()));
  const value::Object body = {
      {"ticket", *ticket},
      {"expiresInMs",
       static_cast<std::int64_t>(std::chrono::milliseconds(auth::TicketBook::kLifetime).count())}};
  respond(json_reply(200, value::to_json(body)));
}

}  // namespace nexus::server
