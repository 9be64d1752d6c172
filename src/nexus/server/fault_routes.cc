#include <fmt/format.h>

#include <algorithm>

#include "nexus/nxml/nxml.h"
#include "nexus/panel/faults.h"
#include "nexus/server/handlers.h"
#include "nexus/value/json_writer.h"

// Documents that do not load: docs/PROTOCOL.md, "Faults".
namespace nexus::server {
namespace {

using panel::Fault;

void visit_faults(const Context& context, const Request& request,
                  const std::function<void(const Fault&)>& visit) {
  if (context.options.faults == nullptr) return;
  context.options.faults->each([&](const Fault& fault) {
    if (request.identity.reaches(fault.owner)) visit(fault);
  });
}

void write_head(const Context& context, const Request& request, const Fault& fault,
                value::ObjectWriter& object) {
  const panel::Panel* const live = context.workspace.find(fault.panel_id);
  object.text("id", fault.panel_id);
  if (!fault.file.empty()) object.text("file", fault.file);
  object.boolean("running", live != nullptr && request.identity.reaches(live->owner()));
}

void write_summary(const Context& context, const Request& request, const Fault& fault,
                   std::string& out) {
  value::ObjectWriter object(out);
  write_head(context, request, fault, object);
  const auto& all = fault.diagnostics;
  object.number("errors", std::count_if(all.begin(), all.end(), nxml::is_error));
  if (const auto first = std::find_if(all.begin(), all.end(), nxml::is_error); first != all.end())
    object.text("first", nxml::format(*first, fault.file));
  object.close();
}

}  // namespace

Reply list_faults(const Context& context, const Request& request) {
  std::string list;
  visit_faults(context, request, [&](const Fault& fault) {
    if (!list.empty()) list += ',';
    write_summary(context, request, fault, list);
  });
  return json_reply(200, R"({"faults":[)" + list + "]}");
}

Reply show_fault(const Context& context, const Request& request) {
  std::string json;
  visit_faults(context, request, [&](const Fault& fault) {
    if (!json.empty() || fault.panel_id != request.match.panel) return;
    value::ObjectWriter object(json);
    write_head(context, request, fault, object);
    object.key("diagnostics") += nxml::to_json(fault.diagnostics);
    object.text("source", fault.source);
    object.close();
  });
  if (json.empty())
    return error_reply({ErrorCode::kNotFound,
                        fmt::format("no document of a panel '{}' fails to load", request.match.panel)});
  return json_reply(200, std::move(json));
}

}  // namespace nexus::server
