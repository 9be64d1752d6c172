#include "nexus/extension/extension.h"

#include <fmt/format.h>

namespace nexus::extension {

Result<void> Extension::check_settings(const value::Object& settings) const {
  if (settings.empty()) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} has no setting \"{}\"", name(), settings.begin()->first)};
}

}  // namespace nexus::extension
