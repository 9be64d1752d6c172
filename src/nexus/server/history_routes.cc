#include <utility>

#include "nexus/base/sha256.h"
#include "nexus/server/handlers.h"
#include "nexus/server/panel_request.h"

// What a panel did before: its history, former states, and the results of runs.
namespace nexus::server {
namespace {

panel::Panel::JsonDone answer(const Respond& respond) {
  return [respond](Result<std::string> json) {
    respond(json.ok() ? json_reply(200, std::move(*json)) : error_reply(json.error()));
  };
}

}  // namespace

void show_history(const Context& context, const Request& request, const Respond& respond) {
  panel::Panel* const panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  const auto wanted = parse_history_request(request.query);
  if (!wanted.ok()) return respond(error_reply(wanted.error()));
  panel->history(wanted->before, wanted->limit, answer(respond));
}

void show_former_state(const Context& context, const Request& request, std::uint64_t version,
                       const Respond& respond) {
  panel::Panel* const panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  panel->state_at(version, [respond, if_none_match = request.if_none_match](
                               Result<std::string> json) {
    if (!json.ok()) return respond(error_reply(json.error()));
    // Of the content: a panel that is made anew has other versions of the same number.
    const std::string etag = '"' + sha256_hex(*json).substr(0, 32) + '"';
    respond(conditional_reply(if_none_match, etag, [&] { return revalidated(std::move(*json)); }));
  });
}

void show_execution(const Context& context, const Request& request, const Respond& respond) {
  panel::Panel* const panel = context.workspace.find(request.match.panel);
  if (!panel) return respond(no_panel(request));
  panel->execution(request.match.tail, answer(respond));
}

}  // namespace nexus::server
