#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "files.h"
#include "nexus/nxml/nxml.h"

namespace nexus::cli {

int ast(const AstOptions& options) {
  auto source = read_file(options.file);
  if (!source.ok()) {
    fmt::print(stderr, "nexus ast: {}\n", source.error().message);
    return 2;
  }
  const nxml::ParseResult parsed = nxml::parse(source.value());
  if (parsed.document == nullptr) {
    print_diagnostics(parsed.diagnostics, options.file, stderr);
    return 1;
  }
  fmt::print("{}\n", nxml::to_whole_json(*parsed.document));
  return 0;
}

}  // namespace nexus::cli
