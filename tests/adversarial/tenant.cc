#include "tenant.h"

#include <algorithm>
#include <memory>

namespace nexus::adversarial {
namespace {

using value::DataType;
using value::List;
using value::Object;
using value::Value;

state::Store make_store() {
  auto store = state::Store::create(
      {{.name = "count", .type = DataType::kNumber, .initial = 5},
       {.name = "name", .type = DataType::kString, .initial = "ada"},
       {.name = "items",
        .type = DataType::kList,
        .initial = List{Object{{"id", 1}, {"tags", List{"a"}}}, Object{{"id", 2}}}},
       {.name = "config", .type = DataType::kObject, .initial = Object{{"deep", Object{{"n", 1}}}}},
       {.name = "fixed", .initial = 1, .computed = true}});
  NX_CHECK(store.ok());
  return std::move(store).take();
}

}  // namespace

TenantState::TenantState() : store_(make_store()) {}

Result<void> TenantState::apply(const std::vector<engine::Mutation>& mutations) {
  std::vector<state::Mutation> written;
  for (const engine::Mutation& each : mutations)
    written.push_back({each.operation == engine::Mutation::Operation::kSet ? state::Mutation::Operation::kSet
                                                                           : state::Mutation::Operation::kDelete,
                       each.key, each.value, each.patch});
  NX_TRY_VOID(store_.apply(std::move(written)));
  return {};
}

engine::RunRequest request_of(std::string source) {
  engine::RunRequest request;
  request.panel_id = "panel";
  request.handler_name = "tool";
  request.source = {std::move(source), {1, 1}};
  request.args = Object{{"n", 1}, {"list", List{1, 2}}};
  request.capabilities = capability::GrantSet::everything();
  request.extensions = std::make_shared<engine::ExtensionMethods>(
      engine::ExtensionMethods{{"api", {"api", {"echo", "fail", "clear", "never"}}}});
  return request;
}

const engine::Suspension* next_answerable(const std::vector<engine::Suspension>& open) {
  const auto at =
      std::ranges::find_if(open, [](const engine::Suspension& call) { return call.method != "never"; });
  return at == open.end() ? nullptr : &*at;
}

engine::AsyncResult answer_to(const engine::Suspension& call, TenantState& state) {
  if (call.method == "fail") return {.success = false, .value = {}, .error = "no", .code = "TIMEOUT"};
  if (call.method == "clear")
    NX_CHECK(state.apply({{engine::Mutation::Operation::kSet, "items", List{}}}).ok());
  return {.success = true, .value = call.args, .error = {}};
}

std::string_view inventory_source() {
  return R"js(
    const seen = new Map();
    const lines = [];
    const note = (path, what) => { lines.push(path + ' ' + what); };
    const visit = (value, path) => {
      if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
        return note(path, typeof value + ' ' + String(value));
      if (seen.has(value)) return note(path, 'is ' + seen.get(value));
      seen.set(value, path);
      note(path, typeof value + (Object.isExtensible(value) ? ' open' : ' closed'));
      visit(Object.getPrototypeOf(value), path + '^');
      for (const key of Reflect.ownKeys(value)) {
        const found = Object.getOwnPropertyDescriptor(value, key);
        const at = path + '.' + String(key) + (found.writable ? 'w' : '') + (found.enumerable ? 'e' : '') +
            (found.configurable ? 'c' : '');
        if ('value' in found) visit(found.value, at);
        else { visit(found.get, at + '<'); visit(found.set, at + '>'); }
      }
    };
    const functions = [function () {}, () => {}, async () => {}, function* () {}, async function* () {}];
    const iterators = [[][Symbol.iterator](), ''[Symbol.iterator](), new Map().entries(), new Set().values(),
                       'x'.matchAll(/x/g)];
    const roots = {
      Object, Array, String, Number, Boolean, Symbol, BigInt, Error, TypeError, RangeError, SyntaxError,
      ReferenceError, EvalError, URIError, AggregateError, Math, JSON, Reflect, Proxy, Promise, RegExp, Date,
      Map, Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry, ArrayBuffer, DataView, Uint8Array, parseInt,
      parseFloat, isNaN, isFinite, decodeURI, decodeURIComponent, encodeURI, encodeURIComponent,
      $emit, $view, $log, $time, $args, $scope, functions, iterators,
    };
    for (const name of Object.keys(roots)) visit(roots[name], name);
    note('absent', [typeof eval, typeof Function, typeof globalThis, typeof Atomics, typeof SharedArrayBuffer,
                    typeof leak].join());
    note('$state', JSON.stringify($state));
    note('$ext', JSON.stringify([$ext.list(), $ext.methods('api')]));
    $state.count++;
    return lines.join('\n');
  )js";
}

}  // namespace nexus::adversarial
