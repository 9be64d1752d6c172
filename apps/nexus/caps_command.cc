#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "commands.h"
#include "files.h"
#include "nexus/capability/inference.h"
#include "nexus/extension/registry.h"
#include "nexus/nxml/nxml.h"
#include "nexus/value/json_writer.h"

namespace nexus::cli {
namespace {

using capability::Token;

// A capability that a handler needs, with the first place in the file that needs it.
struct FileNeed {
  Token token;
  Location at;
};

// What one handler needs, and what its tool declares; `declared` is nullptr when nothing is.
struct HandlerNeeds {
  std::string handler;  // the tool's name, or "mount" and "unmount"
  std::vector<FileNeed> needs;
  const std::vector<nxml::CapabilityDecl>* declared = nullptr;
};

class NeedsReader {
 public:
  explicit NeedsReader(const nxml::Document& document) : document_(document) {
    for (const auto& declared : document.extensions)
      segments_.emplace(declared.alias, extension::last_segment(declared.name));
  }

  std::vector<HandlerNeeds> read() const {
    std::vector<HandlerNeeds> all;
    for (const auto& tool : document_.tools)
      all.push_back({tool.name, needs_of(tool.handler),
                     tool.capabilities ? &*tool.capabilities : nullptr});
    for (const auto& hook : document_.lifecycles)
      all.push_back({hook.on == nxml::Lifecycle::On::kMount ? "mount" : "unmount",
                     needs_of(hook.handler)});
    return all;
  }

 private:
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

  // Tokens speak of extensions, not of the aliases that the author chose.
  Token resolve(Token token) const {
    const auto segment = segments_.find(token.scope);
    if (token.kind == capability::Kind::kExtension && segment != segments_.end())
      token.scope = segment->second;
    return token;
  }

  const nxml::Document& document_;
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

int caps(const CapsOptions& options) {
  auto source = read_file(options.file);
  if (!source.ok()) {
    fmt::print(stderr, "nexus caps: {}\n", source.error().message);
    return 2;
  }
  const nxml::ParseResult parsed = nxml::parse(source.value());
  if (parsed.document == nullptr) {
    print_diagnostics(parsed.diagnostics, options.file, stderr);
    return 1;
  }
  const std::vector<HandlerNeeds> all = NeedsReader(*parsed.document).read();
  if (options.json) {
    std::string json;
    value::write_json_list(all, json, write_needs);
    fmt::print("{}\n", json);
    return 0;
  }
  for (const HandlerNeeds& handler : all)
    for (const FileNeed& need : handler.needs)
      fmt::print("{}:{}:{}: {}: {}\n", options.file, need.at.line, need.at.column, handler.handler,
                 to_string(need.token));
  return 0;
}

}  // namespace nexus::cli
