#pragma once

#include <optional>
#include <string_view>

namespace nexus::value {

// The double nearest to a whole decimal literal such as "12", "-0.5e3", ".5" or "5."; what is too
// small for a double is 0 with its sign, as JavaScript has it. nullopt when `literal` is anything
// else or beyond the largest double. Independent of the locale; any thread.
std::optional<double> read_decimal(std::string_view literal);

}  // namespace nexus::value
