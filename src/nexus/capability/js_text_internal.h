#pragma once

#include <optional>
#include <string>
#include <string_view>

// The meaning of JavaScript's escape sequences.
namespace nexus::capability {

// `text` with its escape sequences resolved, in UTF-8. Nothing for an escape that is not allowed in
// strict code or that yields half a surrogate pair, which UTF-8 cannot hold.
std::optional<std::string> resolve_escapes(std::string_view text);

}  // namespace nexus::capability
