#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "nexus/base/error.h"

namespace nexus::value {

// What keeps `text` from being one JSON text (RFC 8259) that a Value can hold, nested at most
// `depth` deep: kParseError with the byte offset, what was expected and what stands there, or
// kPayloadTooLarge when it nests deeper. nullopt when nothing does. Several times slower than the
// parser, which decides whether a text is accepted; this explains why one was not. Any thread.
std::optional<Error> diagnose_json(std::string_view text, std::size_t depth);

}  // namespace nexus::value
