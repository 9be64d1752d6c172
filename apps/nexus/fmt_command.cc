#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "commands.h"
#include "files.h"
#include "nexus/nxml/nxml.h"

namespace nexus::cli {
namespace {

int fail(const std::string& message) {
  fmt::print(stderr, "nexus fmt: {}\n", message);
  return 2;
}

int format_file(const std::string& file, bool check) {
  auto source = read_file(file);
  if (!source.ok()) return fail(source.error().message);
  const nxml::Formatted formatted = nxml::reformat(source.value());
  if (!formatted.text) {
    print_diagnostics(formatted.diagnostics, file, stderr);
    return 1;
  }
  const bool is_stream = file == "-";
  if (is_stream && !check) {
    fmt::print("{}", *formatted.text);
    return 0;
  }
  if (*formatted.text == source.value()) return 0;
  fmt::print("{}\n", file);
  if (check) return 1;
  const auto written = write_file(file, *formatted.text);
  return written.ok() ? 0 : fail(written.error().message);
}

}  // namespace

int format(const FormatOptions& options) {
  int code = 0;
  for (const std::string& file : options.files)
    code = std::max(code, format_file(file, options.check));
  return code;
}

}  // namespace nexus::cli
