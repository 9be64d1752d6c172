#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nexus/base/error.h"

namespace nexus::nxml {

// A byte sequence that no document may hold.
struct BadText {
  Location location;
  std::string message;
};

// The first place of `source` that is not well-formed UTF-8 (RFC 3629) or is a control character
// other than tab, line feed and carriage return. What passes may travel as JSON and reach a handler
// as it is.
std::optional<BadText> find_bad_text(std::string_view source);

}  // namespace nexus::nxml
