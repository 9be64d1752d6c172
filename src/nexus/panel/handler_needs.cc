#include "nexus/panel/handler_needs.h"

#include <map>

#include "nexus/capability/inference.h"
#include "nexus/extension/registry.h"
#include "nexus/value/json_writer.h"

namespace nexus::panel {
namespace {

using capability::Token;

class NeedsReader {
 public:
  explicit NeedsReader(const nxml::Document& document) {
    for (const auto& declared : document.extensions)
      segments_.emplace(declared.alias, extension::last_segment(declared.name));
  }

  std::vector<FileNeed> needs_of(const nxml::Handler& handler) const {
    std::vector<FileNeed> found;
    for (auto& need : capability::analyze_handler(handler.code).needs) {
      const Location at = need.location.line <= 1
                              ? Location{handler.start.line,
                                         handler.start.column + need.location.column - 1}
                              : Location{handler.start.line + need.location.line - 1,
                                         need.location.column};
      found.push_back({resolve(std::move(need.token)), at});
    }
    return found;
  }

 private:
  Token resolve(Token token) const {
    const auto segment = segments_.find(token.scope);
    if (token.kind == capability::Kind::kExtension && segment != segments_.end())
      token.scope = segment->second;
    return token;
  }

  std::map<std::string, std::string, std::less<>> segments_;
};

void write_need(const FileNeed& need, std::string& out) {
  value::ObjectWriter object(out);
  object.text("token", to_string(need.token));
  object.number("line", need.at.line);
  object.number("column", need.at.column);
}

void write_needs(const HandlerNeeds& needs, std::string& out) {
  value::ObjectWriter object(out);
  object.text("handler", needs.handler);
  value::write_json_list(needs.needs, object.key("needs"), write_need);
  if (needs.declared == nullptr) return;
  value::write_json_list(*needs.declared, object.key("declared"),
                         [](const nxml::CapabilityDecl& declared, std::string& to) {
                           value::write_json_string(declared.token, to);
                         });
}

}  // namespace

std::vector<HandlerNeeds> handler_needs(const nxml::Document& document) {
  const NeedsReader reader(document);
  std::vector<HandlerNeeds> all;
  for (const auto& tool : document.tools)
    all.push_back({tool.name, reader.needs_of(tool.handler),
                   tool.capabilities ? &*tool.capabilities : nullptr});
  for (const auto& hook : document.lifecycles)
    all.push_back({hook.on == nxml::Lifecycle::On::kMount ? "mount" : "unmount",
                   reader.needs_of(hook.handler)});
  return all;
}

void write_json(const std::vector<HandlerNeeds>& handlers, std::string& out) {
  value::write_json_list(handlers, out, write_needs);
}

}  // namespace nexus::panel
