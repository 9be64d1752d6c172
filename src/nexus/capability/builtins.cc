#include <algorithm>
#include <array>
#include <iterator>

#include "nexus/capability/builtins_internal.h"

namespace nexus::capability {
namespace {

constexpr Method reads(std::string_view name) {
  return {name, false, Yield::kPlain, Callback::kNone, Argument::kRead};
}
constexpr Method tests(std::string_view name, Yield yield = Yield::kPlain) {
  return {name, false, yield, Callback::kTest, Argument::kRead};
}
constexpr Method supplies(std::string_view name) {
  return {name, false, Yield::kNew, Callback::kSupply, Argument::kRead};
}
constexpr Method folds(std::string_view name) {
  return {name, false, Yield::kElement, Callback::kFold, Argument::kHeld};
}
constexpr Method replaces(std::string_view name) {
  return {name, false, Yield::kPlain, Callback::kText, Argument::kRead};
}
constexpr Method yields(std::string_view name, Yield yield, Argument argument = Argument::kRead) {
  return {name, false, yield, Callback::kNone, argument};
}
constexpr Method mutates(std::string_view name, Yield yield, Argument argument = Argument::kRead,
                         Callback callback = Callback::kNone) {
  return {name, true, yield, callback, argument};
}

constexpr auto kElement = Yield::kElement;
constexpr auto kNew = Yield::kNew;
constexpr auto kPlain = Yield::kPlain;
constexpr auto kReceiver = Yield::kReceiver;

// Sorted by name.
constexpr std::array kMethods{
    mutates("add", kReceiver, Argument::kStored),
    yields("at", kElement),
    supplies("catch"),
    reads("charAt"),
    reads("charCodeAt"),
    mutates("clear", kPlain),
    reads("codePointAt"),
    yields("concat", kNew, Argument::kHeld),
    mutates("copyWithin", kReceiver),
    mutates("delete", kPlain),
    reads("endsWith"),
    yields("entries", kNew),
    tests("every"),
    reads("exec"),
    mutates("fill", kReceiver, Argument::kStored),
    tests("filter", kNew),
    tests("finally", kReceiver),
    tests("find", kElement),
    tests("findIndex"),
    tests("findLast", kElement),
    tests("findLastIndex"),
    yields("flat", kNew),
    supplies("flatMap"),
    tests("forEach"),
    yields("get", kElement),
    reads("has"),
    reads("hasOwnProperty"),
    reads("includes"),
    reads("indexOf"),
    reads("isWellFormed"),
    reads("join"),
    yields("keys", kNew),
    reads("lastIndexOf"),
    reads("localeCompare"),
    supplies("map"),
    reads("match"),
    reads("matchAll"),
    reads("normalize"),
    reads("padEnd"),
    reads("padStart"),
    mutates("pop", kElement),
    reads("propertyIsEnumerable"),
    mutates("push", kPlain, Argument::kStored),
    folds("reduce"),
    folds("reduceRight"),
    reads("repeat"),
    replaces("replace"),
    replaces("replaceAll"),
    mutates("reverse", kReceiver),
    reads("search"),
    mutates("set", kReceiver, Argument::kStored),
    mutates("shift", kElement),
    yields("slice", kNew),
    tests("some"),
    mutates("sort", kReceiver, Argument::kRead, Callback::kTest),
    mutates("splice", kNew, Argument::kStored),
    reads("split"),
    reads("startsWith"),
    reads("substr"),
    reads("substring"),
    reads("test"),
    supplies("then"),
    reads("toExponential"),
    reads("toFixed"),
    reads("toLocaleLowerCase"),
    reads("toLocaleString"),
    reads("toLocaleUpperCase"),
    reads("toLowerCase"),
    reads("toPrecision"),
    yields("toReversed", kNew),
    tests("toSorted", kNew),
    yields("toSpliced", kNew, Argument::kHeld),
    reads("toString"),
    reads("toUpperCase"),
    reads("toWellFormed"),
    reads("trim"),
    reads("trimEnd"),
    reads("trimStart"),
    mutates("unshift", kPlain, Argument::kStored),
    yields("valueOf", kReceiver),
    yields("values", kNew),
    yields("with", kNew, Argument::kHeld),
};
static_assert(std::is_sorted(kMethods.begin(), kMethods.end(),
                             [](const Method& a, const Method& b) { return a.name < b.name; }));

constexpr Function reader(std::string_view object, std::string_view name, bool calls_back = false) {
  return {object, name, Argument::kRead, calls_back};
}
constexpr Function holder(std::string_view object, std::string_view name, bool calls_back = false) {
  return {object, name, Argument::kHeld, calls_back};
}

constexpr std::array kFunctions{
    reader("", "BigInt"),
    reader("", "Boolean"),
    reader("", "Date"),
    reader("", "Number"),
    reader("", "RegExp"),
    reader("", "String"),
    reader("", "Symbol"),
    reader("", "decodeURI"),
    reader("", "decodeURIComponent"),
    reader("", "encodeURI"),
    reader("", "encodeURIComponent"),
    reader("", "isFinite"),
    reader("", "isNaN"),
    reader("", "parseFloat"),
    reader("", "parseInt"),
    // Not exact: an error may carry its `cause`, and the others hold what they are given.
    holder("", "Array"),
    holder("", "Error"),
    holder("", "Map"),
    holder("", "RangeError"),
    holder("", "Set"),
    holder("", "TypeError"),
    holder("Array", "from", true),
    reader("Array", "isArray"),
    holder("Array", "of"),
    reader("BigInt", ""),
    reader("Date", ""),
    reader("JSON", "parse"),
    reader("JSON", "stringify", true),
    holder("Map", "groupBy", true),
    reader("Math", ""),
    reader("Number", ""),
    Function{"Object", "assign", Argument::kMerged, false},
    holder("Object", "entries"),
    holder("Object", "fromEntries"),
    reader("Object", "getOwnPropertyNames"),
    holder("Object", "groupBy", true),
    reader("Object", "hasOwn"),
    reader("Object", "is"),
    reader("Object", "keys"),
    holder("Object", "values"),
    holder("Promise", "all"),
    holder("Promise", "allSettled"),
    holder("Promise", "any"),
    holder("Promise", "race"),
    holder("Promise", "reject"),
    holder("Promise", "resolve"),
    reader("String", ""),
};

// Sorted.
constexpr std::array<std::string_view, 41> kForbiddenGlobals{
    "Function",
    "ServiceWorker",
    "SharedWorker",
    "WebSocket",
    "Worker",
    "XMLHttpRequest",
    "addEventListener",
    "alert",
    "caches",
    "cancelAnimationFrame",
    "close",
    "confirm",
    "cookieStore",
    "crypto",
    "dispatchEvent",
    "document",
    "eval",
    "fetch",
    "frames",
    "globalThis",
    "history",
    "importScripts",
    "indexedDB",
    "localStorage",
    "location",
    "navigator",
    "open",
    "parent",
    "performance",
    "postMessage",
    "print",
    "prompt",
    "queueMicrotask",
    "removeEventListener",
    "requestAnimationFrame",
    "self",
    "sessionStorage",
    "setInterval",
    "setTimeout",
    "top",
    "window",
};
static_assert(std::is_sorted(kForbiddenGlobals.begin(), kForbiddenGlobals.end()));

}  // namespace

const Method* find_method(std::string_view name) {
  const auto found =
      std::lower_bound(kMethods.begin(), kMethods.end(), name,
                       [](const Method& method, std::string_view n) { return method.name < n; });
  return found != kMethods.end() && found->name == name ? &*found : nullptr;
}

const Function* find_function(std::string_view object, std::string_view name) {
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const Function& known) {
    return known.object == object &&
           (known.name == name || (known.name.empty() && !object.empty()));
  });
  return found != kFunctions.end() ? &*found : nullptr;
}

bool is_forbidden_global(std::string_view name) {
  return std::binary_search(kForbiddenGlobals.begin(), kForbiddenGlobals.end(), name);
}

}  // namespace nexus::capability
