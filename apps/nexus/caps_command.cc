#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "files.h"
#include "nexus/nxml/nxml.h"
#include "nexus/panel/handler_needs.h"

namespace nexus::cli {

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
  const std::vector<panel::HandlerNeeds> all = panel::handler_needs(*parsed.document);
  if (options.json) {
    std::string json;
    panel::write_json(all, json);
    fmt::print("{}\n", json);
    return 0;
  }
  for (const panel::HandlerNeeds& handler : all)
    for (const panel::FileNeed& need : handler.needs)
      fmt::print("{}:{}:{}: {}: {}\n", options.file, need.at.line, need.at.column, handler.handler,
                 to_string(need.token));
  return 0;
}

}  // namespace nexus::cli
