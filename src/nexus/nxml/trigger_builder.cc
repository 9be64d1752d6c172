#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "nexus/nxml/attribute_internal.h"
#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/cursor_internal.h"

// <Trigger>: design.md section 4, "Triggers".
namespace nexus::nxml {
namespace {

using Type = Trigger::Type;

constexpr std::array<std::pair<Type, std::string_view>, 5> kTypes = {
    {{Type::kManual, "manual"},
     {Type::kInterval, "interval"},
     {Type::kCron, "cron"},
     {Type::kEvent, "event"},
     {Type::kStateChange, "state_change"}}};
constexpr std::size_t kMaxTimezone = 64;
constexpr std::size_t kMaxPattern = 128;  // as long as an event's name
constexpr std::size_t kMaxStars = 8;      // keeps matching cheap
constexpr std::string_view kStateRoot = "$state.";

// Names of the time zone database: words of letters, digits, '_', '+', '-', joined by slashes.
bool is_timezone_name(std::string_view name) {
  if (name.size() > kMaxTimezone) return false;
  bool starts_word = true;
  for (const char c : name) {
    if (starts_word
            ? !is_letter(c)
            : !(is_letter(c) || is_digit(c) || c == '_' || c == '+' || c == '-' || c == '/'))
      return false;
    starts_word = c == '/';
  }
  return !starts_word;
}

// Whether the author wrote a whole path as in bind="", with its root.
bool has_root(std::string_view path) {
  if (path.substr(0, 1) == "{") return true;
  const auto end = std::find_if_not(path.begin(), path.end(), is_identifier_part);
  const std::string_view first = path.substr(0, static_cast<std::size_t>(end - path.begin()));
  return first == "$state" || first == "$scope";
}

class TriggerBuilder {
 public:
  TriggerBuilder(const Element& element, Diagnostics& diagnostics)
      : element_(element), diagnostics_(diagnostics) {}

  std::optional<Trigger> build();

 private:
  std::optional<Type> read_type();
  const Attribute* need(std::string_view attribute);
  bool read_interval();
  bool read_cron();
  bool read_timezone();
  bool read_pattern();
  bool read_path();
  bool refuse(Range range, std::string message) {
    diagnostics_.error(kInvalidTrigger, range, std::move(message));
    return false;
  }

  const Element& element_;
  Diagnostics& diagnostics_;
  Trigger trigger_;
};

std::optional<Trigger> TriggerBuilder::build() {
  check_empty(element_, diagnostics_);
  trigger_.span = diagnostics_.locate(element_.range());
  const std::optional<Type> type = read_type();
  if (!type) return std::nullopt;
  trigger_.type = *type;
  bool good = true;
  switch (*type) {
    case Type::kManual:
      check_attributes(element_, {"type"}, diagnostics_);
      break;
    case Type::kInterval:
      check_attributes(element_, {"type", "ms"}, diagnostics_);
      good = read_interval();
      break;
    case Type::kCron:
      check_attributes(element_, {"type", "expression", "timezone"}, diagnostics_);
      good = read_cron();
      good = read_timezone() && good;
      break;
    case Type::kEvent:
      check_attributes(element_, {"type", "pattern"}, diagnostics_);
      good = read_pattern();
      break;
    case Type::kStateChange:
      check_attributes(element_, {"type", "path"}, diagnostics_);
      good = read_path();
      break;
  }
  return good ? std::optional(std::move(trigger_)) : std::nullopt;
}

std::optional<Type> TriggerBuilder::read_type() {
  const Attribute* found = need("type");
  if (found == nullptr) return std::nullopt;
  std::vector<std::string_view> names;
  for (const auto& [type, name] : kTypes) {
    if (found->value == name) return type;
    names.push_back(name);
  }
  refuse(
      found->value_range(),
      cat({quote(found->value), " is no trigger; use manual, interval, cron, event or state_change",
           did_you_mean(found->value, names)}));
  return std::nullopt;
}

const Attribute* TriggerBuilder::need(std::string_view attribute) {
  const Attribute* found = element_.find(attribute);
  if (found == nullptr) {
    diagnostics_.error(kMissingRequired, element_.range(),
                       cat({"this <Trigger> needs the attribute ", quote(attribute)}));
  }
  return found;
}

bool TriggerBuilder::read_interval() {
  const Attribute* ms = need("ms");
  if (ms == nullptr) return false;
  const std::string_view text = trim(ms->value);
  const char* const end = text.data() + text.size();
  const auto [read_to, problem] = std::from_chars(text.data(), end, trigger_.interval_ms);
  const bool is_number = problem == std::errc() && read_to == end;
  if (is_number && trigger_.interval_ms >= kMinIntervalMs && trigger_.interval_ms <= kMaxIntervalMs)
    return true;
  return refuse(ms->value_range(), cat({"ms is a whole number from ", std::to_string(kMinIntervalMs),
                                     " to ", std::to_string(kMaxIntervalMs), ", not ",
                                     quote(ms->value), "; for longer periods use type=\"cron\""}));
}

bool TriggerBuilder::read_cron() {
  const Attribute* expression = need("expression");
  if (expression == nullptr) return false;
  Result<CronSchedule> schedule = parse_cron(expression->value);
  if (!schedule.ok()) return refuse(expression->value_range(), schedule.error().message);
  trigger_.cron = trim(expression->value);
  trigger_.schedule = *schedule;
  return true;
}

bool TriggerBuilder::read_timezone() {
  const Attribute* timezone = element_.find("timezone");
  if (timezone == nullptr) return true;
  trigger_.timezone = timezone->value;
  if (is_timezone_name(timezone->value)) return true;
  return refuse(
      timezone->value_range(),
      cat({quote(timezone->value), " is no time zone; write a name such as UTC or Europe/Paris"}));
}

bool TriggerBuilder::read_pattern() {
  const Attribute* pattern = need("pattern");
  if (pattern == nullptr) return false;
  const std::string_view text = pattern->value;
  trigger_.pattern = text;
  if (text.empty() || text.size() > kMaxPattern)
    return refuse(pattern->value_range(), cat({"a pattern has 1 to ", std::to_string(kMaxPattern),
                                            " bytes, not ", std::to_string(text.size())}));
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '*')) > kMaxStars)
    return refuse(pattern->value_range(),
                  cat({"a pattern has at most ", std::to_string(kMaxStars), " stars"}));
  return true;
}

bool TriggerBuilder::read_path() {
  const Attribute* attribute = need("path");
  if (attribute == nullptr) return false;
  // The root may be left out: here nothing but state can be meant.
  const std::string_view text = trim(attribute->value);
  const std::string whole = has_root(text) ? std::string(text) : cat({kStateRoot, text});
  Arena arena;
  Diagnostics unused({}, 0);  // its words are about bind
  BuildContext context(arena, unused);
  const std::optional<BindPath> path = parse_bind_path(whole, 0, context);
  if (!path || path->root != Expression::Root::kState)
    return refuse(attribute->value_range(),
                  cat({quote(text),
                       " is no path; write the name of a State, with keys inside it "
                       "after dots, as in order.address"}));
  trigger_.path.assign(path->steps.begin(), path->steps.end());
  return true;
}

}  // namespace

std::optional<Trigger> build_trigger(const Element& element, Diagnostics& diagnostics) {
  return TriggerBuilder(element, diagnostics).build();
}

std::string_view to_string(Trigger::Type type) {
  for (const auto& [known, name] : kTypes)
    if (known == type) return name;
  return {};
}

// Each star first stands for nothing and takes one more character when what follows does not match;
// only the last star seen needs to be tried again.
bool matches_event(std::string_view pattern, std::string_view name) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = kNone;
  std::size_t taken_to = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken_to = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != kNone) {
      p = star + 1;
      n = ++taken_to;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

}  // namespace nexus::nxml
