#include "nexus/server/handlers.h"

#include <fmt/format.h>

#include <utility>

namespace nexus::server {
namespace {

// A stored panel that could not be loaded says why, and can be destroyed.
void handle_unloaded(const Context& context, const Request& request, const Respond& respond) {
  const auto& unloaded = context.workspace.unloaded();
  const auto found = unloaded.find(request.match.panel);
  if (found == unloaded.end() || !request.identity.reaches(found->second.owner))
    return respond(no_panel(request));
  if (request.match.route == Route::kPanel && request.method == Method::kDelete)
    return delete_panel(context, request, respond);
  respond(error_reply({ErrorCode::kUnavailable,
                       fmt::format("panel '{}' is stored and could not be loaded: {}; destroy it, or put "
                                   "its file right",
                                   request.match.panel, found->second.error.message)}));
}

void handle_panel(const Context& context, Request request, const Respond& respond) {
  // Here, once for all routes and after the body was read: the panel may be another one by then.
  if (!request.match.panel.empty() && !reachable_panel(context, request))
    return handle_unloaded(context, request, respond);
  switch (request.match.route) {
    case Route::kPanels:
      if (request.method == Method::kPost)
        return create_panel(context, std::move(request), respond);
      return list_panels(context, request, respond);
    case Route::kPanel:
      if (request.method == Method::kDelete) return delete_panel(context, request, respond);
      return show_panel(context, request, respond);
    case Route::kState:
      return show_state(context, request, respond);
    case Route::kAst:
      return show_ast(context, request, respond);
    case Route::kSource:
      return show_source(context, request, respond);
    case Route::kView:
      return show_view(context, request, respond);
    case Route::kHistory:
      return show_history(context, request, respond);
    case Route::kExecution:
      return show_execution(context, request, respond);
    case Route::kTicket:
      return issue_ticket(context, std::move(request), respond);
    case Route::kTrigger:
      return trigger_tool(context, request, respond);
    case Route::kApprovals:
      return list_approvals(context, request, respond);
    case Route::kApproval:
      return decide_approval(context, request, respond);
    default:
      return respond(error_reply({ErrorCode::kNotFound, "no such path"}));
  }
}

}  // namespace

panel::Panel* reachable_panel(const Context& context, const Request& request) {
  panel::Panel* const found = context.workspace.find(request.match.panel);
  return found && request.identity.reaches(found->owner()) ? found : nullptr;
}

Reply no_panel(const Request& request) {
  return error_reply(
      {ErrorCode::kPanelNotFound, fmt::format("no panel '{}'", request.match.panel)});
}

void handle(const Context& context, Request request, const Respond& respond) {
  switch (request.match.route) {
    case Route::kIndex:
      return respond(page(context, request, "index.html"));
    case Route::kPanelPage:
      return respond(page(context, request, "panel.html"));
    case Route::kPlayPage:
      return respond(page(context, request, "play.html"));
    case Route::kCheck:
      return check_source(context, std::move(request), respond);
    case Route::kFaults:
      return respond(list_faults(context, request));
    case Route::kFault:
      return respond(show_fault(context, request));
    case Route::kAdminPage:
      return respond(page(context, request, "admin.html"));
    case Route::kAdminStatus:
      return respond(admin_status(context));
    case Route::kAsset:
      return respond(asset(context, request, "assets/" + request.match.tail));
    case Route::kFavicon:
      return respond(asset(context, request, "assets/favicon.svg"));
    case Route::kOpenApi:
      return respond(api_description(request));
    case Route::kHealth:
      return respond(health(context));
    case Route::kLive:
      return respond(liveness());
    case Route::kReady:
      return respond(readiness(context));
    case Route::kMetrics:
      return respond(metrics_text(context));
    default:
      return handle_panel(context, std::move(request), respond);
  }
}

}  // namespace nexus::server
