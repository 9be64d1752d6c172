#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include "settings_table.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;
namespace value = nexus::value;

constexpr std::uint64_t kKilobyte = 1024;
constexpr std::uint64_t kMegabyte = 1024 * kKilobyte;

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "1048576", "512kb" or "1mb".
std::optional<std::uint64_t> parse_bytes(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::uint64_t unit = 1;
  if (text.ends_with("kb")) unit = kKilobyte;
  if (text.ends_with("mb")) unit = kMegabyte;
  if (unit != 1) text.resize(text.size() - 2);
  const auto number = parse_whole(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() / unit) return std::nullopt;
  return *number * unit;
}

Result<std::vector<std::string>> parse_names(const Given& given) {
  std::vector<std::string> names;
  std::string_view rest = given.text;
  for (;;) {
    const auto comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty())
      return bad(given.source, given.text, "a list by commas without empty entries");
    names.emplace_back(name);
    if (comma == std::string_view::npos) return names;
    rest.remove_prefix(comma + 1);
  }
}

// Stores one given text in `settings`; one overload for each kind of value.
struct Store {
  const Given& given;
  Settings& settings;

  Result<void> operator()(const Whole& value) const {
    const auto number = parse_whole(given.text);
    if (!number || *number < value.min || *number > value.max)
      return bad(given.source, given.text,
                 fmt::format("a whole number from {} to {}", value.min, value.max));
    settings.*value.member = *number;
    return {};
  }
  Result<void> operator()(const Bytes& value) const {
    const auto number = parse_bytes(given.text);
    if (!number || *number < value.min || *number > value.max)
      return bad(
          given.source, given.text,
          fmt::format("a size from {} to {} bytes, such as 512kb or 1mb", value.min, value.max));
    settings.*value.member = *number;
    return {};
  }
  Result<void> operator()(const Text& value) const {
    settings.*value.member = given.text;
    return {};
  }
  Result<void> operator()(const Secret& value) const {
    settings.*value.member = given.text;
    return {};
  }
  Result<void> operator()(const Choice& value) const {
    if (std::find(value.words.begin(), value.words.end(), given.text) == value.words.end())
      return bad(given.source, given.text, fmt::format("one of {}", fmt::join(value.words, ", ")));
    settings.*value.member = given.text;
    return {};
  }
  Result<void> operator()(const Switch& value) const {
    if (given.text != "true" && given.text != "false")
      return bad(given.source, given.text, "true or false");
    settings.*value.member = given.text == "true";
    return {};
  }
  Result<void> operator()(const Names& value) const {
    NX_TRY(settings.*value.member, parse_names(given));
    return {};
  }
  Result<void> operator()(const OptionalNames& value) const {
    NX_TRY(settings.*value.member, parse_names(given));
    return {};
  }
};

// The text that would give a setting its present value.
struct Show {
  const Settings& settings;

  std::string operator()(const Whole& value) const {
    return std::to_string(settings.*value.member);
  }
  std::string operator()(const Bytes& value) const {
    return std::to_string(settings.*value.member);
  }
  std::string operator()(const Text& value) const { return settings.*value.member; }
  std::string operator()(const Secret& value) const {
    return (settings.*value.member).empty() ? "" : "(secret)";
  }
  std::string operator()(const Choice& value) const { return settings.*value.member; }
  std::string operator()(const Switch& value) const {
    return settings.*value.member ? "true" : "false";
  }
  std::string operator()(const Names& value) const {
    return fmt::format("{}", fmt::join(settings.*value.member, ","));
  }
  std::string operator()(const OptionalNames& value) const {
    const auto& names = settings.*value.member;
    return names ? fmt::format("{}", fmt::join(*names, ",")) : std::string();
  }
};

struct Describe {
  std::string operator()(const Whole& value) const {
    return fmt::format("whole number, {} to {}", value.min, value.max);
  }
  std::string operator()(const Bytes& value) const {
    return fmt::format("size, {} to {} bytes; units kb and mb", value.min, value.max);
  }
  std::string operator()(const Text&) const { return "text"; }
  std::string operator()(const Secret&) const { return "secret text"; }
  std::string operator()(const Choice& value) const {
    return fmt::format("{}", fmt::join(value.words, ", "));
  }
  std::string operator()(const Switch&) const { return "true or false"; }
  std::string operator()(const Names&) const { return "list"; }
  std::string operator()(const OptionalNames&) const { return "list"; }
};

// One overload for each kind of value that has bounds; the names of the others say all.
struct Facts {
  value::Object operator()(const Whole& value) const {
    return {{"kind", "whole"}, {"min", value.min}, {"max", value.max}};
  }
  value::Object operator()(const Bytes& value) const {
    return {{"kind", "bytes"}, {"min", value.min}, {"max", value.max}};
  }
  value::Object operator()(const Text&) const { return {{"kind", "text"}}; }
  value::Object operator()(const Secret&) const { return {{"kind", "secret"}}; }
  value::Object operator()(const Choice& value) const {
    value::List words;
    for (const std::string_view word : value.words) words.emplace_back(std::string(word));
    return {{"kind", "choice"}, {"words", std::move(words)}};
  }
  value::Object operator()(const Switch&) const { return {{"kind", "switch"}}; }
  value::Object operator()(const Names&) const { return {{"kind", "list"}}; }
  value::Object operator()(const OptionalNames&) const { return {{"kind", "list"}}; }
};

}  // namespace

Error bad(std::string_view source, std::string_view text, const std::string& expected) {
  return {ErrorCode::kInvalidArgument, fmt::format("{}: \"{}\" is not {}", source, text, expected)};
}

Result<void> store(const Setting& setting, const Given& given, Settings& settings) {
  return std::visit(Store{given, settings}, setting.value);
}

std::string show(const Setting& setting, const Settings& settings) {
  return std::visit(Show{settings}, setting.value);
}

std::string describe_values(const Setting& setting) {
  return std::visit(Describe{}, setting.value);
}

bool equal(const Setting& setting, const Settings& a, const Settings& b) {
  return std::visit([&](const auto& value) { return a.*value.member == b.*value.member; },
                    setting.value);
}

void copy(const Setting& setting, const Settings& from, Settings& to) {
  std::visit([&](const auto& value) { to.*value.member = from.*value.member; }, setting.value);
}

value::Object value_facts(const Setting& setting) { return std::visit(Facts{}, setting.value); }

std::string file_key(std::string_view name) {
  std::string key(name);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return key;
}

}  // namespace nexusd
