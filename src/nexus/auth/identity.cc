#include "nexus/auth/identity.h"

#include <algorithm>
#include <array>

namespace nexus::auth {
namespace {

// In the order of Permission.
constexpr std::array<std::string_view, 6> kWords = {"panel:create",  "panel:read",   "panel:execute",
                                                    "panel:approve", "panel:delete", "admin"};

}  // namespace

std::string_view to_string(Permission permission) {
  return kWords[static_cast<std::size_t>(permission)];
}

std::optional<Permission> parse_permission(std::string_view word) {
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<Permission>(found - kWords.begin());
}

}  // namespace nexus::auth
