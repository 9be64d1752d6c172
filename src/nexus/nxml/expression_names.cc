#include <algorithm>
#include <array>

#include "nexus/nxml/expression_names_internal.h"

namespace nexus::nxml {

const std::vector<Global>& globals() {
  using Use = Global::Use;
  static const std::vector<Global> kGlobals = {
      {"Math",
       Use::kNamespace,
       {"abs",  "acos",  "acosh", "asin",  "asinh", "atan",  "atan2", "atanh",  "cbrt",
        "ceil", "clz32", "cos",   "cosh",  "exp",   "expm1", "floor", "fround", "hypot",
        "imul", "log",   "log10", "log1p", "log2",  "max",   "min",   "pow",    "round",
        "sign", "sin",   "sinh",  "sqrt",  "tan",   "tanh",  "trunc"},
       {"E", "LN10", "LN2", "LOG10E", "LOG2E", "PI", "SQRT1_2", "SQRT2"}},
      {"JSON", Use::kNamespace, {"stringify", "parse"}, {}},
      {"Number",
       Use::kFunction,
       {"isInteger", "isFinite", "isNaN", "parseFloat", "parseInt"},
       {"EPSILON", "MAX_SAFE_INTEGER", "MAX_VALUE", "MIN_SAFE_INTEGER", "MIN_VALUE"}},
      {"String", Use::kFunction, {}, {}},
      {"Boolean", Use::kFunction, {}, {}},
      {"Array", Use::kNamespace, {"isArray", "of", "from"}, {}},
      {"Object", Use::kNamespace, {"keys", "values", "entries", "fromEntries"}, {}},
      {"Date", Use::kNamespace, {"parse"}, {}},
      {"undefined", Use::kValue, {}, {}},
      {"NaN", Use::kValue, {}, {}},
      {"Infinity", Use::kValue, {}, {}},
      {"parseInt", Use::kFunction, {}, {}},
      {"parseFloat", Use::kFunction, {}, {}},
      {"isNaN", Use::kFunction, {}, {}},
      {"isFinite", Use::kFunction, {}, {}},
  };
  return kGlobals;
}

const Global* find_global(std::string_view name) {
  // None starts like the roots of most expressions, $state and $scope, or like most parameters.
  static constexpr std::string_view kFirst = "MJNSBAODIupi";
  if (name.empty() || kFirst.find(name.front()) == std::string_view::npos) return nullptr;
  for (const Global& global : globals())
    if (global.name == name) return &global;
  return nullptr;
}

const std::vector<std::string_view>& pure_methods() {
  static const std::vector<std::string_view> kMethods = {
      // Strings.
      "at", "charAt", "charCodeAt", "codePointAt", "concat", "endsWith", "includes", "indexOf",
      "lastIndexOf", "localeCompare", "padEnd", "padStart", "repeat", "replace", "replaceAll",
      "slice", "split", "startsWith", "substring", "toLowerCase", "toUpperCase", "toString", "trim",
      "trimEnd", "trimStart",
      // Numbers.
      "toFixed", "toPrecision", "toLocaleString",
      // Lists that strings do not share.
      "every", "filter", "find", "findIndex", "findLast", "findLastIndex", "flat", "flatMap",
      "join", "map", "reduce", "reduceRight", "some", "toReversed", "toSorted", "toSpliced", "with",
      "keys", "values", "entries", "reverse", "sort"};
  return kMethods;
}

bool is_reserved_word(std::string_view word) {
  static constexpr std::array<std::string_view, 42> kWords = {
      "async",    "await",     "break",      "case",      "catch",    "class", "const",
      "continue", "debugger",  "default",    "delete",    "do",       "else",  "enum",
      "export",   "extends",   "finally",    "for",       "function", "if",    "implements",
      "import",   "in",        "instanceof", "interface", "let",      "new",   "package",
      "private",  "protected", "public",     "return",    "static",   "super", "switch",
      "this",     "throw",     "try",        "var",       "void",     "while", "yield"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace nexus::nxml
