#pragma once

#include <cstddef>
#include <string_view>

namespace nexus {

// Levenshtein distance: insertions, deletions and replacements of single bytes that turn `a` into `b`.
// Takes time proportional to the product of the sizes, so callers bound both. Any thread.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace nexus
