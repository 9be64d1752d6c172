#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/check.h"
#include "settings.h"

// What an operator gives, in its three forms: lines "NAME=text" of the environment, then a line of
// dashes, then arguments, one a line, then dashes, then the TOML file; each may be missing. Oracles:
// - a refusal is one line that somebody can read;
// - what was accepted can be shown, and a warning is one line too;
// - no secret is ever printed.

namespace {

using nexusd::Environment;

constexpr std::string_view kDashes = "---";
constexpr std::string_view kSecret = "a secret of the fuzzer, 32 bytes long at the least";

// A file in memory with a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(memfd_create("config.toml", 0)) {
    NX_CHECK(descriptor_ >= 0);
    NX_CHECK(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    path = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path;

 private:
  int descriptor_;
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

// The lines up to the dashes.
std::vector<std::string> take_part(std::string_view& input) {
  std::vector<std::string> lines;
  while (!input.empty()) {
    const std::string_view line = take_line(input);
    if (line == kDashes) break;
    // Neither an argument nor a variable can hold NUL.
    if (line.find('\0') == std::string_view::npos) lines.emplace_back(line);
  }
  return lines;
}

auto read(const std::vector<std::string>& arguments, const Environment& environment) {
  std::vector<const char*> argv = {"nexusd"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return nexusd::read_settings(static_cast<int>(argv.size()), argv.data(), environment);
}

void check_refusal(const nexus::Error& error) {
  NX_CHECK(!error.message.empty());
  NX_CHECK(error.message.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Environment environment;
  for (const std::string& line : take_part(input)) {
    const std::size_t equals = line.find('=');
    // Files and folders of this machine are none of the fuzzer's business.
    if (equals == std::string::npos || line.starts_with("NEXUS_CONFIG")) continue;
    environment[line.substr(0, equals)] = line.substr(equals + 1);
  }
  environment["JWT_SECRET"] = kSecret;
  std::vector<std::string> arguments;
  for (std::string& line : take_part(input))
    if (!line.starts_with("--config") && !line.starts_with("-c")) arguments.push_back(std::move(line));
  const MemoryFile file(input);
  if (!input.empty()) arguments.insert(arguments.end(), {"--config", file.path});

  const auto given = read(arguments, environment);
  if (!given.ok()) {
    check_refusal(given.error());
    return 0;
  }
  if (const auto* farewell = std::get_if<nexusd::Farewell>(&*given)) {
    NX_CHECK(!farewell->text.empty() && farewell->text.find(kSecret) == std::string::npos);
    return 0;
  }
  const auto* const settings = std::get_if<nexusd::Settings>(&*given);
  if (settings == nullptr) return 0;  // asks another server how it is
  for (const std::string& warning : settings->warnings)
    NX_CHECK(!warning.empty() && warning.find('\n') == std::string::npos);
  std::vector<std::string> printing = arguments;
  printing.insert(printing.begin(), "--print-config");
  const auto printed = read(printing, environment);
  NX_CHECK(printed.ok());
  const auto& text = std::get<nexusd::Farewell>(*printed).text;
  NX_CHECK(text.find("PORT") != std::string::npos && text.find(kSecret) == std::string::npos);
  return 0;
}
