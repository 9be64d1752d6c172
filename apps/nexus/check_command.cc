#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "files.h"
#include "offline.h"

namespace nexus::cli {
namespace {

std::vector<nxml::Diagnostic> diagnose(Offline& offline, const std::string& source) {
  auto loaded = panel::load_panel({source, std::nullopt, std::nullopt}, {}, *offline.engine, *offline.extensions);
  if (const auto* error = std::get_if<panel::CreateError>(&loaded)) return error->to_diagnostics();
  return std::get<panel::LoadedPanel>(loaded).program->warnings;
}

void print_json_file(const std::string& file, const std::vector<nxml::Diagnostic>& diagnostics, bool first) {
  std::string name;
  value::write_json_string(file, name);
  fmt::print("{}{{\"file\":{},\"diagnostics\":{}}}", first ? "" : ",", name, nxml::to_json(diagnostics));
}

}  // namespace

int check(const CheckOptions& options) {
  auto offline = Offline::create({});
  if (!offline.ok()) {
    fmt::print(stderr, "nexus check: {}\n", offline.error().message);
    return 2;
  }
  int code = 0;
  bool first = true;
  if (options.json) fmt::print("[");
  for (const std::string& file : options.files) {
    auto source = read_file(file);
    if (!source.ok()) {
      fmt::print(stderr, "nexus check: {}\n", source.error().message);
      code = 2;
      continue;
    }
    const auto diagnostics = diagnose(*offline.value(), source.value());
    for (const nxml::Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.severity == nxml::Severity::kError && code == 0) code = 1;
      if (!options.json) fmt::print("{}\n", nxml::format(diagnostic, file));
    }
    if (options.json) print_json_file(file, diagnostics, first);
    first = false;
  }
  if (options.json) fmt::print("]\n");
  return code;
}

}  // namespace nexus::cli
