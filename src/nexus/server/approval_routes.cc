#include <fmt/format.h>

#include "nexus/server/handlers.h"
#include "nexus/server/panel_request.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

constexpr std::size_t kMaxCommentBytes = 4000;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// {approved, comment?}.
Result<extension::Decision> read_decision(const Request& request) {
  NX_TRY(const value::Value body, parse_trigger_args(request.content_type, request.body));
  const value::Value* approved = body.find("approved");
  if (approved == nullptr || !approved->is_boolean())
    return invalid("the body must have \"approved\", true or false");
  extension::Decision decision{
      .approved = approved->boolean(), .by = request.identity.subject, .comment = {}};
  for (const auto& [key, member] : body.object()) {
    if (key == "approved") continue;
    if (key != "comment")
      return invalid(fmt::format("unknown field '{}'; known are approved and comment",
                                 key.substr(0, 64)));
    if (!member.is_string() || member.string().size() > kMaxCommentBytes)
      return invalid(fmt::format("comment must be a string of at most {} bytes", kMaxCommentBytes));
    decision.comment = member.string();
  }
  return decision;
}

}  // namespace

void list_approvals(const Context& context, const Request& request, const Respond& respond) {
  value::List approvals;
  if (context.options.approvals != nullptr)
    for (const auto& approval : context.options.approvals->open(request.match.panel))
      approvals.emplace_back(extension::to_value(approval));
  respond(json_reply(200, value::to_json(value::Object{{"approvals", std::move(approvals)}})));
}

void decide_approval(const Context& context, const Request& request, const Respond& respond) {
  const Result<extension::Decision> decision = read_decision(request);
  if (!decision.ok()) return respond(error_reply(decision.error()));
  if (context.options.approvals == nullptr)
    return respond(error_reply({ErrorCode::kNotFound, "no approval waits in this panel"}));
  const Result<value::Value> answer =
      context.options.approvals->decide(request.match.panel, request.match.tail, *decision);
  if (!answer.ok()) return respond(error_reply(answer.error()));
  // Whoever decided is told when the decision is stored. The panel takes it in its own turn, which was
  // posted before this one.
  context.loop.post([&workspace = context.workspace, panel = request.match.panel, respond,
                     json = value::to_json(*answer)] {
    workspace.settle(panel, [respond, json](Result<void> stored) {
      const bool gone = !stored.ok() && stored.error().code == ErrorCode::kPanelNotFound;
      respond(stored.ok() || gone ? json_reply(200, json) : error_reply(stored.error()));
    });
  });
}

}  // namespace nexus::server
