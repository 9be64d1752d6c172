#pragma once

#include <string>

#include "nexus/base/result.h"

namespace nexus::extension {

// Error kInvalidArgument when `text` cannot be what URLs are relative to: an absolute http or https URL
// without credentials, query and fragment.
Result<void> check_base_url(const std::string& text);

// The URL a handler means: `url` itself when it has a scheme, else the place below `base`, whether it
// starts with a slash or not. Error kInvalidArgument for a relative one when `base` is empty, and for
// one that would leave the base: "//host", "..", a backslash, in any spelling.
Result<std::string> resolve_url(const std::string& base, const std::string& url);

}  // namespace nexus::extension
