#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/base/clock.h"

namespace nexus::auth {

// What a token may allow; the words are in to_string. kAdmin stands for all others, in every
// workspace.
enum class Permission { kCreate, kRead, kExecute, kApprove, kDelete, kAdmin };

// "panel:create", "panel:read", "panel:execute", "panel:approve", "panel:delete" or "admin".
std::string_view to_string(Permission permission);
std::optional<Permission> parse_permission(std::string_view word);

class PermissionSet {
 public:
  void add(Permission permission) { bits_ |= bit(permission); }
  bool has(Permission permission) const {
    return (bits_ & (bit(permission) | bit(Permission::kAdmin))) != 0;
  }

 private:
  static std::uint8_t bit(Permission permission) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(permission));
  }

  std::uint8_t bits_ = 0;
};

// Who a request comes from: the claims of a verified token (docs/SECURITY.md).
struct Identity {
  std::string subject;    // `sub`: the actor, as the log names it
  std::string workspace;  // `workspace_id`: owns the panels it creates, and reaches no others
  PermissionSet permissions;
  Clock::Wall expires;

  bool may(Permission permission) const { return permissions.has(permission); }
  // Whether a panel of this owner exists as far as this identity can tell.
  bool reaches(std::string_view owner) const {
    return owner == workspace || may(Permission::kAdmin);
  }
};

}  // namespace nexus::auth
