#include "nexus/panel/expression_script.h"

namespace nexus::panel {

std::string_view expression_prelude() {
  return R"js(
const lists = Array.prototype;
const [keys, values, entries] = [lists.keys, lists.values, lists.entries];
lists.sort = function (order) { return this.toSorted(order); };
lists.reverse = function () { return this.toReversed(); };
lists.keys = function () { return [...keys.call(this)]; };
lists.values = function () { return [...values.call(this)]; };
lists.entries = function () { return [...entries.call(this)]; };
)js";
}

void append_expression(std::string_view source, std::string& out) {
  out += "($state, $scope) => (";
  out += source;
  out += "\n)";
}

}  // namespace nexus::panel
