#include "nexus/nxml/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/diagnostics_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::size_t kMaxExpression = 256;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int first;
  int last;
  std::span<const std::string_view> names = {};  // names[0] means `first`
};

// The weekday 7 is Sunday once more; it is folded into 0 after reading.
constexpr std::array<Field, 5> kFields = {{{"minute", 0, 59},
                                           {"hour", 0, 23},
                                           {"day of the month", 1, 31},
                                           {"month", 1, 12, kMonths},
                                           {"weekday", 0, 7, kWeekdays}}};

Error wrong(std::string message) { return Error{ErrorCode::kInvalidArgument, std::move(message)}; }

Error wrong_field(const Field& field, std::string_view text) {
  return wrong(cat({"the ", field.name, " field takes ", std::to_string(field.first), " to ",
                    std::to_string(field.last), field.names.empty() ? "" : ", names,",
                    " as '*', 'a', 'a-b', with '/step', in a list by commas; not ", quote(text)}));
}

std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = problem == std::errc() && end == text.data() + text.size();
  return whole && number >= 0 ? std::optional(number) : std::nullopt;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<int> parse_point(const Field& field, std::string_view text) {
  for (std::size_t i = 0; i < field.names.size(); ++i)
    if (same_word(text, field.names[i])) return field.first + static_cast<int>(i);
  const std::optional<int> number = parse_number(text);
  return number && *number >= field.first && *number <= field.last ? number : std::nullopt;
}

// The bits of one item of the list; nullopt when it is none.
std::optional<std::uint64_t> parse_item(const Field& field, std::string_view item) {
  const std::size_t slash = item.find('/');
  const bool has_step = slash != std::string_view::npos;
  const std::optional<int> step = has_step ? parse_number(item.substr(slash + 1)) : 1;
  const std::string_view range = item.substr(0, slash);
  const std::size_t dash = range.find('-');
  const bool is_all = range == "*";
  const auto from = is_all ? field.first : parse_point(field, range.substr(0, dash));
  // `5/10` means from 5 on, as in `5-59/10`.
  auto to = is_all || has_step ? field.last : from;
  if (dash != std::string_view::npos) to = parse_point(field, range.substr(dash + 1));
  // A week may end with Sunday, too: fri-sun.
  if (to == 0 && from > 0) to = field.last;
  if (!step || *step < 1 || *step > field.last || !from || !to || *from > *to) return std::nullopt;
  std::uint64_t bits = 0;
  for (int at = *from; at <= *to; at += *step) bits |= std::uint64_t{1} << at;
  return bits;
}

Result<std::uint64_t> parse_field(const Field& field, std::string_view text) {
  std::uint64_t bits = 0;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const auto item = parse_item(field, rest.substr(0, comma));
    if (!item) return wrong_field(field, text);
    bits |= *item;
    if (comma == std::string_view::npos) return bits;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trim(text)).empty()) {
    const auto end = std::find_if(text.begin(), text.end(), is_space);
    words.push_back(text.substr(0, static_cast<std::size_t>(end - text.begin())));
    text.remove_prefix(words.back().size());
  }
  return words;
}

// False when every month named is shorter than every day named.
bool can_happen(const CronSchedule& schedule) {
  constexpr std::array<int, 13> kLongest = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!schedule.any_weekday && !schedule.any_day) return true;
  for (int month = 1; month <= 12; ++month) {
    if ((schedule.months >> month & 1) == 0) continue;
    for (int day = 1; day <= kLongest[static_cast<std::size_t>(month)]; ++day)
      if ((schedule.days >> day & 1) != 0) return true;
  }
  return false;
}

}  // namespace

bool CronSchedule::has_day(int month, int day, int weekday) const {
  if ((months >> month & 1) == 0) return false;
  const bool day_matches = (days >> day & 1) != 0;
  const bool weekday_matches = (weekdays >> weekday & 1) != 0;
  return any_day || any_weekday ? day_matches && weekday_matches : day_matches || weekday_matches;
}

Result<CronSchedule> parse_cron(std::string_view expression) {
  const std::vector<std::string_view> texts =
      expression.size() <= kMaxExpression ? split(expression) : std::vector<std::string_view>();
  if (texts.size() != kFields.size()) {
    return wrong(
        cat({quote(expression), " is no cron expression; write five fields: minute, hour, ",
             "day of the month, month, weekday, as in '*/15 9-17 * * mon-fri'"}));
  }
  std::array<std::uint64_t, kFields.size()> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    NX_TRY(bits[i], parse_field(kFields[i], texts[i]));
  }
  constexpr std::uint64_t kSevenDays = 0x7F;
  CronSchedule schedule;
  schedule.minutes = bits[0];
  schedule.hours = static_cast<std::uint32_t>(bits[1]);
  schedule.days = static_cast<std::uint32_t>(bits[2]);
  schedule.months = static_cast<std::uint32_t>(bits[3]);
  schedule.weekdays = static_cast<std::uint32_t>((bits[4] | bits[4] >> 7) & kSevenDays);
  schedule.any_day = texts[2].front() == '*';
  schedule.any_weekday = texts[4].front() == '*';
  if (!can_happen(schedule))
    return wrong(cat({quote(expression), " names days that no month has"}));
  return schedule;
}

}  // namespace nexus::nxml
