#pragma once

#include <string>
#include <string_view>

// View expressions as JavaScript for the sandbox. Their text is a subset of JavaScript that the
// NXML parser has checked; what means something else here than in docs/PROTOCOL.md, "Expressions",
// is brought in line by the prelude.
namespace nexus::panel {

// Statements that must come before any expression: list methods that never change their list, and
// return lists where JavaScript has iterators.
std::string_view expression_prelude();

// Appends a function of `$state` and `$scope` that yields what `source` says.
void append_expression(std::string_view source, std::string& out);

}  // namespace nexus::panel
