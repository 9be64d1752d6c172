#include "nexus/engine/engine_fixture_internal.h"

// The globals of a handler, one test for each row of reference.md section 4.1: every dialect of it.
namespace nexus::engine {
namespace {

using Globals = EngineTest;

TEST_F(Globals, StateAsAnObject) {
  const Outcome outcome =
      run("const seen = ['count' in $state, 'gone' in $state, $state.count, "
          "Object.keys($state).length];"
          "$state.count = 1; delete $state.name; return [...seen, $state.count, 'name' in $state]");
  EXPECT_EQ(result(outcome), "[true,false,5,5,1,false]");
  EXPECT_EQ(json(outcome.mutations), R"({"count":1,"-name":null})");
}

TEST_F(Globals, StateThroughMethods) {
  const Outcome outcome =
      run("$state.set('count', $state.get('count') + 1); const now = $state.update('count', (n) => "
          "n * 2);"
          "$state.delete('name'); return [now, $state.has('name'), $state.has('count'), "
          "$state.keys()]");
  EXPECT_EQ(result(outcome), R"([12,false,true,["count","items","config","fixed"]])");
  EXPECT_EQ(json(outcome.mutations), R"({"count":12,"-name":null})");
}

TEST_F(Globals, ADeclaredKeyHidesTheMethodOfItsName) {
  state_ = FakeState(Object{{"get", 1}, {"keys", List{"a"}}});
  EXPECT_EQ(result(run("return [$state.get, $state.keys[0], $state.has('get')]")),
            R"([1,"a",true])");
}

TEST_F(Globals, NamesThatAreNotTextAreTypeErrors) {
  for (const char* code : {"$state.get(1)", "$state.set(null, 1)",
                           "$state.update(Symbol(), () => 1)", "$state.delete({})", "$state.has()",
                           "$emit(1)", "$emit({})", "$view.focus(1)", "$view.command({}, 'x')"}) {
    const Outcome outcome = run(code);
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->name, "TypeError") << code;
  }
}

TEST_F(Globals, ArgsAndScopeAreReadOnlyThroughAndThrough) {
  for (const char* change :
       {"$args.n = 1", "$args.o.p = 1", "delete $args.n", "$args.l.push(1)", "$scope.row.id = 1",
        "$args = {}", "$scope = {}", "Object.defineProperty($args, 'x', {value: 1})"}) {
    RunRequest r = request(change);
    r.args = Object{{"n", 41}, {"o", Object{{"p", 0}}}, {"l", List{}}};
    r.scope = Object{{"row", Object{{"id", "r1"}}}};
    const Outcome outcome = run(std::move(r));
    ASSERT_TRUE(outcome.error.has_value()) << change;
    EXPECT_EQ(outcome.error->name, "TypeError") << change;
  }
}

TEST_F(Globals, EmitAndItsToast) {
  const Outcome outcome =
      run("$emit('saved'); $emit('system:log', {a: 1}); $emit('toast', 'plain'); "
          "$emit.toast('hi'); $emit.toast('no', 'error')");
  std::string events;
  for (const Event& event : outcome.events)
    events += event.name + ' ' + value::to_json(event.payload) + '\n';
  EXPECT_EQ(events,
            "saved null\nsystem:log {\"a\":1}\ntoast \"plain\"\ntoast "
            "{\"message\":\"hi\",\"level\":\"info\"}\n"
            "toast {\"message\":\"no\",\"level\":\"error\"}\n");
}

TEST_F(Globals, ViewThroughHandlesAndThroughCommands) {
  const Outcome outcome = run(
      "const e = $view.getElementById('a'); e.setProp('label', [1]); e.call('open', 1, 'x');"
      "$view.setFilter('b', 'err'); $view.scrollTo('b', {row: 3, animate: true}); $view.focus('c');"
      "$view.command('d', 'spin', {fast: true}); $view.command(undefined, 'all')");
  std::string commands;
  for (const ViewCommand& each : outcome.view_commands)
    commands +=
        each.type + ' ' + each.component_id.value_or("-") + ' ' + value::to_json(each.args) + '\n';
  EXPECT_EQ(commands,
            "setProp a {\"prop\":\"label\",\"value\":[1]}\ncall a "
            "{\"method\":\"open\",\"args\":[1,\"x\"]}\n"
            "setFilter b {\"value\":\"err\"}\nscrollTo b "
            "{\"position\":{\"row\":3,\"animate\":true}}\nfocus c {}\n"
            "custom d {\"name\":\"spin\",\"params\":{\"fast\":true}}\ncustom - "
            "{\"name\":\"all\",\"params\":{}}\n");
}

TEST_F(Globals, ExtensionsAndWhatThereIsOfThem) {
  EXPECT_EQ(
      result(run("return [$ext.list(), $ext.exists('api'), $ext.exists('no'), $ext.methods('api'), "
                 "typeof $ext.no,"
                 " 'api' in $ext, 'no' in $ext, 'get' in $ext.api, 'no' in $ext.api, typeof "
                 "$ext.api.get]")),
      R"([["api","other"],true,false,["get","post"],"undefined",true,false,true,false,"function"])");
  EXPECT_EQ(run("$ext.methods('no')").error->code, ErrorCode::kExtensionNotFound);
  EXPECT_EQ(result(run("return [(await $ext) === $ext, typeof (await $ext.api).get]")),
            R"([true,"function"])");
  for (const char* change : {"$ext.api = 1", "$ext.api.get = 1", "delete $ext.api", "$ext = {}"})
    EXPECT_TRUE(run(change).error.has_value()) << change;
}

TEST_F(Globals, LogAsAFunctionAndByLevel) {
  const Outcome outcome =
      run("$log('a', 1, null, undefined, true, 10n, Symbol('s')); $log.debug({b: [2]}, [3]); "
          "$log.info();"
          "$log.warn(new TypeError('bad')); $log.error(() => 1); const c = {}; c.c = c; $log(c)");
  std::string lines;
  for (const LogLine& line : outcome.logs)
    lines += std::string(to_string(line.level)) + ' ' +
             line.message.substr(0, line.message.find('\n')) + '\n';
  EXPECT_EQ(lines,
            "info a 1 null undefined true 10 Symbol(s)\ndebug {\"b\":[2]} [3]\ninfo \nwarn "
            "TypeError: bad\n"
            "error [function]\ninfo [object Object]\n");
  EXPECT_THAT(outcome.logs[3].message, HasSubstr("handler:")) << "where the error was made";
}

TEST_F(Globals, TimeIsTheHostsInEveryForm) {
  EXPECT_EQ(result(run("const a = $time.now(), b = Date.now(), c = +new Date();"
                       "return [a > 1.6e12, Math.abs(b - a) < 1e4, Math.abs(c - b) < 1e4]")),
            "[true,true,true]");
}

TEST_F(Globals, NexusApiHoldsThemAll) {
  RunRequest r = request(
      "const n = NexusAPI; return [n.state === $state, n.emit === $emit, n.view === $view, n.log "
      "=== $log, n.time === $time,"
      "n.ext === $ext, n.args === $args, n.scope === $scope, n.$state === $state, n.$emit === "
      "$emit, n.$view === $view,"
      "n.$log === $log, n.$time === $time, n.$ext === $ext, n.$args === $args, n.$scope === "
      "$scope].every(Boolean)");
  r.args = Object{{"n", 1}};
  EXPECT_EQ(result(run(std::move(r))), "true");
}

TEST_F(Globals, NoneOfTheForbiddenWordsIsThere) {
  const std::string words =
      "window document fetch XMLHttpRequest eval Function globalThis self frames parent top "
      "WebSocket Worker "
      "SharedWorker ServiceWorker importScripts localStorage sessionStorage indexedDB caches "
      "cookieStore navigator "
      "location history alert confirm prompt open close print postMessage addEventListener "
      "removeEventListener "
      "dispatchEvent setTimeout setInterval requestAnimationFrame cancelAnimationFrame "
      "queueMicrotask crypto performance "
      "Atomics SharedArrayBuffer setImmediate clearTimeout require process std os scriptArgs "
      "console gc";
  std::string code = "const there = [];";
  for (std::size_t at = 0; at < words.size();) {
    const std::string word = words.substr(at, words.find(' ', at) - at);
    code += "if (typeof " + word + " !== 'undefined') there.push('" + word + "');";
    at += word.size() + 1;
  }
  EXPECT_EQ(result(run(code + "return there")), "[]");
}

TEST_F(Globals, NoConstructorOfFunctionsMakesCodeOfText) {
  for (const char* kind : {"() => {}", "async () => {}", "function* () {}", "async function* () {}",
                           "class {}", "[].map"}) {
    const std::string constructor = std::string("const F = (") + kind + ").constructor;";
    for (const char* call :
         {"F('return 1')", "new F('return 1')", "Reflect.construct(F, ['return 1'])",
          "F.call(null, '')", "new (class extends F {})('return 1')"}) {
      const Outcome outcome = run(constructor + call);
      ASSERT_TRUE(outcome.error.has_value()) << kind << ": " << call;
      EXPECT_EQ(outcome.error->code, ErrorCode::kExecutionError) << kind << ": " << call;
    }
  }
}

// ---- What all code of a run shares
// ------------------------------------------------------------------

TEST_F(Globals, EverythingSharedIsFrozenOrAtLeastSealed) {
  EXPECT_EQ(result(run(R"js(
    const open = [], seen = new Set([$state, $ext]);
    const assignable = new Set([Object, Array, (() => {}).constructor, Error, TypeError, RangeError, SyntaxError, ReferenceError,
                                EvalError, URIError, AggregateError].map((each) => each.prototype));
    const visit = (value, path) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
      seen.add(value);
      if (!Object.isSealed(value)) open.push(path);
      if (!Object.isFrozen(value) && !assignable.has(value)) open.push(path + ' not frozen');
      visit(Object.getPrototypeOf(value), path + '^');
      for (const key of Reflect.ownKeys(value)) {
        const member = Object.getOwnPropertyDescriptor(value, key);
        for (const part of [member.value, member.get, member.set]) visit(part, path + '.' + String(key));
      }
    };
    const roots = {
      Object, Error, Array, String, Number, Boolean, Symbol, BigInt, TypeError, RangeError,
      SyntaxError, ReferenceError, EvalError, URIError, AggregateError, Math, JSON, Reflect, Proxy, Promise, RegExp, Date, Map,
      Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry, ArrayBuffer, DataView, Uint8Array, Float64Array, parseInt, isNaN,
      decodeURI, $emit, $view, $log, $time, $args, $scope, NexusAPI,
    };
    for (const name of Object.keys(roots)) visit(roots[name], name);
    for (const made of [function* () {}, async () => {}, async function* () {}, [].values(), ''[Symbol.iterator](),
                        new Map().keys(), new Set().keys(), 'x'.matchAll(/x/g), new Uint8Array(1).values()])
      visit(Object.getPrototypeOf(made), 'proto');
    for (const name of ['constructor', Symbol.iterator])
      if (Object.getOwnPropertyDescriptor(Array.prototype, name).writable) open.push(String(name));
    return open;
  )js")),
            "[]");
}

TEST_F(Globals, ObjectsMayTakeNamesThatTheirPrototypesHave) {
  EXPECT_EQ(result(run(R"js(
    class Gone extends Error {
      constructor(message) { super(message); this.name = 'Gone'; }
    }
    const counts = {};
    for (const word of ['constructor', 'toString', 'hasOwnProperty', 'toString'])
      counts[word] = (Object.hasOwn(counts, word) ? counts[word] : 0) + 1;
    function Old() {}
    Old.prototype = Object.create(Object.prototype);
    Old.prototype.constructor = Old;
    Old.prototype.toString = () => 'old';
    class List extends Array { map() { return 'x'; } }
    const failure = new Error('a');
    failure.message = 'own';
    const f = () => 0;
    f.toString = () => 'f';
    return [new Gone('x').name, counts.toString, `${new Old()}`, List.from([1, 2]).length, new List().map(), failure.message,
            `${f}`];
  )js")),
            R"(["Gone",2,"old",2,"x","own","f"])");
}

}  // namespace
}  // namespace nexus::engine
