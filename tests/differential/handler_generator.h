#pragma once

#include <cstdint>
#include <string>

namespace nexus::differential {

// A random handler: reads and writes of TenantState, nested mutations, events, view commands, log
// lines, calls of the extension `api`, control flow, closures, exceptions and awaits. The same seed
// gives the same text everywhere. It always ends, and nothing in it depends on time or chance.
std::string random_handler(std::uint64_t seed);

}  // namespace nexus::differential
