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
std::string describe_created(const std::string& ws_authority, const Panel& panel,
                             const std::string& state) {
  const Result<value::Value> info = value::parse_json(panel.info_json());
  const value::Value* status = info.ok() ? info.value().find("status") : nullptr;
  std::string json = "{";
  append_member("id", quoted(panel.id()), json);
  append_member("status", quoted(status && status->is_string() ? status->string() : "running"),
                json);
  append_member("wsUrl", quoted(fmt::format("ws://{}/panels/{}/ws", ws_authority, panel.id())),
                json);
  append_member("state", state, json);
  return json + "}";
}

Reply created(const std::string& id, std::string json) {
  Reply reply = json_reply(201, std::move(json));
  reply.fields.emplace_back("Location", "/panels/" + id);
  return reply;
}

// With a key as the first request was answered.
void answer_created(Panel& panel, bool keyed, const std::string& ws_authority,
                    const Respond& respond) {
  const auto answer = [respond, id = panel.id()](Result<std::string> json) {
    respond(json.ok() ? created(id, std::move(*json)) : error_reply(json.error()));
  };
  // The panel calls it while it lives.
  const auto describe = [ws_authority, &panel](const panel::StateAnswer& state) {
    return describe_created(ws_authority, panel, state.json);
  };
  if (keyed) return panel.creation_answer(describe, answer);
  panel.read_state([describe, answer](Result<panel::StateAnswer> state) {
    if (!state.ok()) return answer(Error(state.error()));
    answer(describe(*state));
  });
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

Reply trigger_reply(const Result<panel::ExecutionResult>& result, bool debug) {
  if (!result.ok()) return error_reply(result.error());
  if (result->missed_deadline) return missed_deadline(*result);
  std::string json;
  panel::write_json(*result, debug, json);
  return json_reply(200, std::move(json));
}

// RFC 7240 section 4.1.
Reply accepted(const std::string& panel, const std::string& execution_id, std::string_view status) {
  std::string json = "{";
  append_member("executionId", quoted(execution_id), json);
  append_member("status", quoted(status), json);
  Reply reply = json_reply(202, json + "}");
  reply.fields.emplace_back("Location", "/panels/" + panel + "/executions/" + execution_id);
  reply.fields.emplace_back("Preference-Applied", "respond-async");
  return reply;
}

// Answers when the first segment is stored: from then on the run survives the server.
void answer_early(const std::string& panel, const Respond& respond,
                  panel::TriggerRequest& trigger) {
  const auto once = std::make_shared<bool>(false);
  trigger.on_progress = [respond, panel, once](const std::string& execution_id, const auto&) {
    if (!std::exchange(*once, true)) respond(accepted(panel, execution_id, "suspended"));
  };
  trigger.on_done = [respond, panel, once](Result<panel::ExecutionResult> result) {
    if (std::exchange(*once, true)) return;
    if (!result.ok()) return respond(error_reply(result.error()));
    respond(accepted(panel, result->execution_id, to_string(result->outcome.status)));
  };
}

// ASCII letters only: enough for names, and no table of cases to disagree about.
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Whether each of the words is somewhere in what the gallery shows of the panel.
bool matches(const Panel& panel, std::string_view words) {
  const nxml::Meta& meta = panel.meta();
  std::string text = fmt::format("{}\n{}\n{}", panel.id(), meta.title, meta.description.value_or(""));
  for (const std::string& tag : meta.tags) text += "\n" + tag;
  text = lower(text);
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (text.find(lower(words.substr(at, end - at))) == std::string::npos) return false;
    at = end + 1;
  }
  return true;
}

// Who asks for an id by name also learns of a preview.
std::vector<Panel*> candidates(panel::Workspace& workspace, const ListRequest& wanted) {
  if (!wanted.id) return workspace.list();
  Panel* const named = workspace.find(*wanted.id);
  return named ? std::vector<Panel*>{named} : std::vector<Panel*>();
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
  std::vector<Panel*> panels = candidates(context.workspace, wanted.value());
  std::erase_if(panels, [&](const Panel* p) { return !request.identity.reaches(p->owner()); });
  if (const auto& words = wanted.value().search) std::erase_if(panels, [&](Panel* p) { return !matches(*p, *words); });
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
  auto key = parse_request_key(request.idempotency_key, "/panels " + request.content_type, request.body);
  if (!key.ok()) return respond(error_reply(key.error()));
  Result<panel::CreateRequest> wanted =
      parse_create_request(request.content_type, std::move(request.body));
  if (!wanted.ok()) return respond(error_reply(wanted.error()));
  wanted->owner = std::move(request.identity.workspace);
  wanted->key = std::move(key).take();
  const bool keyed = wanted->key.has_value();
  std::string ws_authority = fmt::format("{}:{}", request.host.name, context.ws_port);
  context.workspace.create(std::move(wanted).take(),
                           [respond, keyed, ws_authority = std::move(ws_authority)](
                               std::variant<Panel*, panel::CreateError> outcome) {
                             if (const auto* failure = std::get_if<panel::CreateError>(&outcome))
                               return respond(not_created(*failure));
                             answer_created(*std::get<Panel*>(outcome), keyed, ws_authority, respond);
                           });
}

void show_panel(const Context& context, const Request& request, const Respond& respond) {
  const Panel* panel = context.workspace.find(request.match.panel);
  respond(panel ? json_reply(200, panel->info_json()) : no_panel(request));
}

// The epoch too: versions start again when a panel of the same id is created anew.
std::string etag_of(std::string_view epoch, std::uint64_t version) {
  return fmt::format("\"{}-{}\"", epoch, version);
}

void show_state(const Context& context, const Request& request, const Respond& respond) {
  Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  const auto version = parse_state_request(request.query);
  if (!version.ok()) return respond(error_reply(version.error()));
  if (*version) return show_former_state(context, request, **version, respond);
  panel->read_state([respond, if_none_match = request.if_none_match](
                        Result<panel::StateAnswer> state) {
    if (!state.ok()) return respond(error_reply(state.error()));
    respond(conditional_reply(if_none_match, etag_of(state->epoch, state->version), [&] {
      return revalidated(std::move(state->json));
    }));
  });
}

void show_ast(const Context& context, const Request& request, const Respond& respond) {
  const Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  respond(conditional_reply(request.if_none_match, etag_of(panel->epoch(), panel->version()), [panel] {
    std::string json = "{";
    append_member("epoch", quoted(panel->epoch()), json);
    append_member("version", std::to_string(panel->version()), json);
    append_member("ast", panel->ast_json(), json);
    return revalidated(json + "}");
  }));
}

void show_source(const Context& context, const Request& request, const Respond& respond) {
  const Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  Reply reply;
  reply.content_type = "application/xml; charset=utf-8";
  reply.body = panel->source();
  // Opened as a document of its own it must not load or run anything, whatever a style sheet it names says.
  reply.fields = {{"Cache-Control", "no-store"}, {"Content-Security-Policy", "default-src 'none'; sandbox"}};
  respond(std::move(reply));
}

void show_view(const Context& context, const Request& request, const Respond& respond) {
  Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  panel->view([respond, etag = etag_of(panel->epoch(), panel->version()),
               if_none_match = request.if_none_match](Result<std::string> view) {
    if (!view.ok()) return respond(error_reply(view.error()));
    respond(conditional_reply(if_none_match, etag, [&] {
      return revalidated(*view);
    }));
  });
}

void trigger_tool(const Context& context, const Request& request, const Respond& respond) {
  Panel* panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  Result<value::Value> args = parse_trigger_args(request.content_type, request.body);
  if (!args.ok()) return respond(error_reply(args.error()));
  auto options = parse_trigger_options(request.prefer, request.idempotency_key,
                                       request.match.tail, request.body);
  if (!options.ok()) return respond(error_reply(options.error()));
  panel::TriggerRequest trigger;
  trigger.tool = request.match.tail;
  trigger.args = std::move(args).take();
  trigger.actor = request.identity.subject;
  trigger.trace = request.trace;
  trigger.key = std::move(options->key);
  trigger.keep_result = options->respond_async;
  trigger.on_done = [respond,
                     debug = context.options.debug_errors](Result<panel::ExecutionResult> result) {
    respond(trigger_reply(result, debug));
  };
  if (options->respond_async) answer_early(request.match.panel, respond, trigger);
  panel->trigger(std::move(trigger));
}

void delete_panel(const Context& context, const Request& request, const Respond& respond) {
  context.workspace.destroy(request.match.panel, [respond](Result<void> result) {
    respond(result.ok() ? empty_reply(204) : error_reply(result.error()));
  });
}

}  // namespace nexus::server
