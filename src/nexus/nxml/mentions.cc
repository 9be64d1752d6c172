#include <algorithm>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::string_view kStateObject = "$state";

// The name after `$state.` or `$state?.` at the start of `rest`; empty when $state is used in
// another way.
std::string_view member_after(std::string_view rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  if (rest.substr(0, 2) == "?.") rest.remove_prefix(1);
  if (rest.empty() || rest.front() != '.') return {};
  rest.remove_prefix(1);
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_identifier_part);
  return rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
}

}  // namespace

void find_mentions(std::string_view code, HandlerMentions& mentions) {
  std::size_t at = 0;
  while (at < code.size()) {
    const bool after_quote =
        at > 0 && (code[at - 1] == '\'' || code[at - 1] == '"' || code[at - 1] == '`');
    if (!is_identifier_start(code[at])) {
      ++at;
      continue;
    }
    const auto end = std::find_if_not(code.begin() + static_cast<std::ptrdiff_t>(at), code.end(),
                                      is_identifier_part);
    const std::string_view word =
        code.substr(at, static_cast<std::size_t>(end - code.begin()) - at);
    at += word.size();
    if (word == kStateObject) {
      const std::string_view name = member_after(code.substr(at));
      mentions.everything = mentions.everything || name.empty();
      mentions.names.insert(name);
    } else if (after_quote) {
      mentions.names.insert(word);
    }
  }
}

}  // namespace nexus::nxml
