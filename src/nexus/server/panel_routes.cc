#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nexus/nxml/nxml.h"
#include "nexus/server/handlers.h"
#include "nexus/server/panel_request.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

using panel::Panel;

void append_member(std::string_view key, std::string_view json, std::string& out) {
  out += out.size() > 1 ? ",\"" : "\"";
  out += key;
  out += "\":";
  out += json;
}

std::string quoted(std::string_view text) {
  std::string out;
  value::write_json_string(text, out);
  return out;
}

// {id,status,wsUrl,state}. The status is PanelInfo's, which the panel alone knows.
Reply created(const std::string& ws_authority, const Panel& panel) {
  const Result<value::Value> info = value::parse_json(panel.info_json());
  const value::Value* status = info.ok() ? info.value().find("status") : nullptr;
  std::string json = "{";
  append_member("id", quoted(panel.id()), json);
  append_member("status", quoted(status && status->is_string() ? status->string() : "running"),
                json);
  append_member("wsUrl", quoted(fmt::format("ws://{}/panels/{}/ws", ws_authority, panel.id())),
                json);
  append_member("state", panel.state_json(), json);
  Reply reply = json_reply(201, json + "}");
  reply.fields.emplace_back("Location", "/panels/" + panel.id());
  return reply;
}

Reply not_created(const panel::CreateError& failure) {
  if (failure.diagnostics.empty()) return error_reply(failure.error);
  return error_reply(failure.error,
                     R"({"diagnostics":)" + nxml::to_json(failure.diagnostics) + "}");
}

// The one failure of a run that HTTP has a status for: nobody answered the handler in time.
Reply missed_deadline(const panel::ExecutionResult& result) {
  std::string details = "{";
  append_member("executionId", quoted(result.execution_id), details);
  return error_reply(Error{ErrorCode::kTimeout, result.outcome.error->message}, details + "}");
}

std::string list_json(const std::vector<Panel*>& panels, std::size_t first, std::size_t last) {
  std::string json = R"({"panels":[)";
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) json += ',';
    json += panels[i]->info_json();
  }
  json += "]";
  append_member("total", std::to_string(panels.size()), json);
  if (last < panels.size()) append_member("nextCursor", quoted(panels[last - 1]->id()), json);
  return json + "}";
}

}  // namespace

// A cursor is the id of the last panel shown.
void list_panels(const Context& context, const Request& request, const Respond& respond) {
  const Result<ListRequest> wanted = parse_list_request(request.query);
  if (!wanted.ok()) return respond(error_reply(wanted.error()));
  std::vector<Panel*> panels = context.workspace.list();
  std::erase_if(panels, [&](const Panel* p) { return !request.identity.reaches(p->owner()); });
  if (const auto& id = wanted.value().id) std::erase_if(panels, [&](Panel* p) { return p->id() != *id; });
  std::size_t first = 0;
  if (const auto& cursor = wanted.value().cursor) {
    const auto shown = std::find_if(panels.begin(), panels.end(),
                                    [&](const Panel* p) { return p->id() == *cursor; });
    if (shown == panels.end()) {
      return respond(error_reply({ErrorCode::kInvalidArgument,
                                  "the cursor's panel is gone; list again without a cursor"}));
    }
    first = static_cast<std::size_t>(shown - panels.begin()) + 1;
  }
  const std::size_t last = std::min(panels.size(), first + wanted.value().limit);
  respond(json_reply(200, list_json(panels, first, last)));
}

void create_panel(const Context& context, Request request, const Respond& respond) {
  Result<panel::CreateRequest> wanted =
      parse_create_request(request.content_type, std::move(request.body));
  if (!wanted.ok()) return respond(error_reply(wanted.error()));
  wanted->owner = std::move(request.identity.workspace);
  std::string ws_authority = fmt::format("{}:{}", request.host.name, context.ws_port);
  context.workspace.create(std::move(wanted).take(),
                           [respond, ws_authority = std::move(ws_authority)](
                               std::variant<Panel*, panel::CreateError> outcome) {
                             if (const auto* failure = std::get_if<panel::CreateError>(&outcome))
                               return respond(not_created(*failure));
                             respond(created(ws_authority, **std::get_if<Panel*>(&outcome)));
                           });
}

void show_panel(const Context& context, const Request& request, const Respond& respond) {
  const Panel* panel = context.workspace.find(request.match.panel);
  respond(panel ? json_reply(200, panel->info_json()) : no_panel(request));
}

// The epoch too: versions start again when a panel of the same id is created anew.
std::string etag_of(const Panel& panel) {
  return fmt::format("\"{}-{}\"", panel.epoch(), panel.version());
}

void show_state(const Context& context, const Request& request, const Respond& respond) {
  const Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  const std::string etag = etag_of(*panel);
  respond(conditional_reply(request.if_none_match, etag, [panel] {
    Reply reply = json_reply(200, panel->state_json());
    reply.fields = {{"Cache-Control", "no-cache"}};
    return reply;
  }));
}

void show_ast(const Context& context, const Request& request, const Respond& respond) {
  const Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  std::string json = "{";
  append_member("epoch", quoted(panel->epoch()), json);
  append_member("version", std::to_string(panel->version()), json);
  append_member("ast", panel->ast_json(), json);
  respond(json_reply(200, json + "}"));
}

void show_view(const Context& context, const Request& request, const Respond& respond) {
  Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  panel->view([respond, etag = etag_of(*panel),
               if_none_match = request.if_none_match](Result<std::string> view) {
    if (!view.ok()) return respond(error_reply(view.error()));
    respond(conditional_reply(if_none_match, etag, [&] {
      Reply reply = json_reply(200, *view);
      reply.fields = {{"Cache-Control", "no-cache"}};
      return reply;
    }));
  });
}

void trigger_tool(const Context& context, const Request& request, const Respond& respond) {
  Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  Result<value::Value> args = parse_trigger_args(request.content_type, request.body);
  if (!args.ok()) return respond(error_reply(args.error()));
  panel::TriggerRequest trigger;
  trigger.tool = request.match.tail;
  trigger.args = std::move(args).take();
  trigger.on_done = [respond,
                     debug = context.options.debug_errors](Result<panel::ExecutionResult> result) {
    if (!result.ok()) return respond(error_reply(result.error()));
    if (result->missed_deadline) return respond(missed_deadline(result.value()));
    std::string json;
    panel::write_json(result.value(), debug, json);
    respond(json_reply(200, std::move(json)));
  };
  panel->trigger(std::move(trigger));
}

void delete_panel(const Context& context, const Request& request, const Respond& respond) {
  context.workspace.destroy(request.match.panel, [respond](Result<void> result) {
    respond(result.ok() ? empty_reply(204) : error_reply(result.error()));
  });
}

}  // namespace nexus::server
