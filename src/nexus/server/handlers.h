#pragma once

#include <functional>

#include "nexus/server/context.h"
#include "nexus/server/reply.h"
#include "nexus/server/request.h"

// What each route does. Every handler calls `respond` exactly once, on the loop's thread: at once
// or later. A Context outlives the call but not the wait for an answer, so nothing keeps it.
namespace nexus::server {

using Respond = std::function<void(Reply)>;

// The panel that the request names, if there is one that its identity reaches: those of other
// workspaces do not exist for it.
panel::Panel* reachable_panel(const Context& context, const Request& request);
Reply no_panel(const Request& request);

// Calls the handler of the request's route.
void handle(const Context& context, Request request, const Respond& respond);

// panel_routes.cc
void list_panels(const Context& context, const Request& request, const Respond& respond);
void create_panel(const Context& context, Request request, const Respond& respond);
void show_panel(const Context& context, const Request& request, const Respond& respond);
void show_state(const Context& context, const Request& request, const Respond& respond);
void show_ast(const Context& context, const Request& request, const Respond& respond);
void show_source(const Context& context, const Request& request, const Respond& respond);
void show_view(const Context& context, const Request& request, const Respond& respond);
void trigger_tool(const Context& context, const Request& request, const Respond& respond);
void delete_panel(const Context& context, const Request& request, const Respond& respond);

// history_routes.cc
void show_history(const Context& context, const Request& request, const Respond& respond);
void show_former_state(const Context& context, const Request& request, std::uint64_t version,
                       const Respond& respond);
void show_execution(const Context& context, const Request& request, const Respond& respond);

// check_route.cc
void check_source(const Context& context, Request request, const Respond& respond);

// fault_routes.cc
Reply list_faults(const Context& context, const Request& request);
Reply show_fault(const Context& context, const Request& request);

// approval_routes.cc
void list_approvals(const Context& context, const Request& request, const Respond& respond);
void decide_approval(const Context& context, const Request& request, const Respond& respond);

// ticket_route.cc
void issue_ticket(const Context& context, Request request, const Respond& respond);

// description_route.cc
Reply api_description(const Request& request);

// probe_routes.cc
Reply health(const Context& context);
Reply liveness();
Reply readiness(const Context& context);
Reply metrics_text(const Context& context);

// admin_routes.cc
Reply admin_status(const Context& context);

// page_routes.cc
Reply page(const Context& context, const Request& request, std::string_view file);
Reply asset(const Context& context, const Request& request, std::string_view file);

}  // namespace nexus::server
