#include "attack.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

namespace nexus::adversarial {
namespace {

using std::chrono::milliseconds;

// For what must be stopped, and for what must end by itself: a busy machine must not turn that into a time-out.
constexpr milliseconds kShortTimeout{200};
constexpr milliseconds kLongTimeout{10'000};

constexpr std::string_view kFields[] = {"Attack",  "expect", "within",        "timeout",
                                        "stops",   "open",   "Why it matters"};
constexpr std::string_view kRequired[] = {"Attack", "expect", "within", "Why it matters"};

using Fields = std::map<std::string_view, std::string_view>;

Error bad(std::string_view what) { return Error{ErrorCode::kInvalidArgument, std::string(what)}; }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The comment lines at the start that have the form "// name: text" with a name of ours; others explain.
Result<Fields> read_fields(std::string_view source) {
  Fields fields;
  while (source.starts_with("//")) {
    const auto end = source.find('\n');
    const std::string_view line = trim(source.substr(2, end == std::string_view::npos ? end : end - 2));
    source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    if (std::ranges::find(kFields, name) == std::end(kFields)) return bad(fmt::format("unknown line '{}'", line));
    if (!fields.emplace(name, trim(line.substr(colon + 1))).second) return bad(fmt::format("two lines '{}'", name));
  }
  for (const std::string_view name : kRequired)
    if (!fields.contains(name) || fields[name].empty()) return bad(fmt::format("no line '// {}: ...'", name));
  return fields;
}

std::optional<milliseconds> read_milliseconds(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value <= 0) return std::nullopt;
  return milliseconds(value);
}

bool is_ending(std::string_view text) {
  return text == "SUSPENDED" || text.starts_with("ok ") || parse_error_code(text).has_value();
}

Result<std::vector<sandbox::Watchdog::Means>> read_stops(std::string_view text) {
  std::vector<sandbox::Watchdog::Means> stops;
  for (const std::string_view name : split(text, ',')) {
    if (name != "flag" && name != "signal") return bad(fmt::format("unknown means of stop '{}'", name));
    stops.push_back({.flag = name == "flag", .signal = name == "signal"});
  }
  return stops;
}

Attack load_attack(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string source{std::istreambuf_iterator<char>(in), {}};
  auto attack = parse_attack(file.stem().string(), std::move(source));
  if (!in.good() || !attack.ok()) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), attack.ok() ? "cannot be read" : attack.error().message.c_str());
    std::abort();
  }
  return std::move(attack).take();
}

}  // namespace

Result<Attack> parse_attack(std::string name, std::string source) {
  Attack attack;
  attack.name = std::move(name);
  NX_TRY(Fields fields, read_fields(source));
  for (const std::string_view ending : split(fields["expect"], '|')) {
    if (!is_ending(ending)) return bad(fmt::format("'{}' is no ending", ending));
    attack.expected.emplace_back(ending);
  }
  const auto within = read_milliseconds(fields["within"]);
  if (!within) return bad("'within' takes milliseconds");
  attack.within = *within;
  const bool is_stopped = std::ranges::find(attack.expected, "TIMEOUT") != attack.expected.end();
  attack.timeout = is_stopped ? kShortTimeout : kLongTimeout;
  if (fields.contains("timeout")) {
    const auto timeout = read_milliseconds(fields["timeout"]);
    if (!timeout) return bad("'timeout' takes milliseconds");
    attack.timeout = *timeout;
  }
  if (fields.contains("stops")) {
    if (!is_stopped) return bad("'stops' is for attacks that are expected to end with TIMEOUT");
    NX_TRY(attack.stops, read_stops(fields["stops"]));
  }
  attack.open = fields["open"];
  attack.source = std::move(source);
  return attack;
}

std::vector<Attack> load_attacks(const std::filesystem::path& folder) {
  std::vector<Attack> attacks;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".js") attacks.push_back(load_attack(entry.path()));
  std::ranges::sort(attacks, {}, &Attack::name);
  return attacks;
}

}  // namespace nexus::adversarial
