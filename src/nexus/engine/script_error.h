#pragma once

#include <string>
#include <string_view>

#include "nexus/engine/engine.h"

namespace nexus::engine {

// Turns the guest's report of an exception (MessagePack map, NX_OUT_ERROR in nexus_abi.h; untrusted)
// into an error with the author's position, stack and, when `source` has its text, snippet. A report that cannot be read becomes a
// plain EXECUTION_ERROR.
RunError describe_exception(std::string_view report, const HandlerSource& source);

// `stack` with the positions of the author's file, where the handler begins at `start`.
std::string author_stack(std::string_view stack, Location start);

// The lines of `source` around `location`, which is a position in the author's file, numbered as there,
// the line itself marked with '>'. `line_in_snippet` receives its 1-based place.
std::string make_snippet(const HandlerSource& source, Location location, int& line_in_snippet);

}  // namespace nexus::engine
