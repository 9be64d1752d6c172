#pragma once

#include <string_view>
#include <vector>

namespace nexus {

// The candidate that `word` is most likely a misspelling of; empty when none is close. Ignores
// case; a third of the letters may be wrong, two at most. Looks at a bounded number of candidates
// and not at long words, so that the work is small whatever is asked. Any thread.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace nexus
