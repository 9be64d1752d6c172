#pragma once

#include <string_view>

// Header fields that are lists (RFC 9110 section 5.6.1). Pure.
namespace nexus::server {

// Without the blanks around it.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the next entry off the front of a comma-separated list, trimmed and possibly empty.
inline std::string_view take_entry(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view entry = trim(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return entry;
}

}  // namespace nexus::server
