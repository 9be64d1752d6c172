#include "nexus/capability/inference.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nexus::capability {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

// The needed tokens, in order, with the prefixes shortened: r: state:read, w: state:write, e:
// events:emit, v: view:update, x: ext.
std::string needs(std::string_view source) {
  std::vector<std::string> words;
  for (const Need& need : analyze_handler(source).needs) {
    words.push_back(std::string(1, "rwevx"[static_cast<int>(need.token.kind)]) + ":" +
                    need.token.scope);
  }
  return join(words);
}

std::string names(const std::vector<Finding>& findings) {
  std::vector<std::string> words;
  for (const Finding& finding : findings) words.push_back(finding.name);
  return join(words);
}

std::string places(const std::vector<Finding>& findings) {
  std::vector<std::string> words;
  for (const Finding& finding : findings) {
    words.push_back(finding.name + "@" + std::to_string(finding.location.line) + ":" +
                    std::to_string(finding.location.column));
  }
  return join(words);
}

struct Case {
  std::string_view source;
  std::string_view expected;
};

void expect_needs(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(needs(c.source), c.expected) << c.source;
}

constexpr std::string_view kEverything = "r:* w:* e:* v:* x:*";

TEST(Needs, ReadsAndWritesOfTopLevelKeys) {
  expect_needs({
      {"", ""},
      {"return 1 + 1", ""},
      {"return $state.count", "r:count"},
      {"$state.count = 1", "w:count"},
      {"$state.count == 1", "r:count"},
      {"$state.count === 1 ? a() : b()", "r:count"},
      {"$state.count += 1", "r:count w:count"},
      {"$state.count \?\?= 1", "r:count w:count"},
      {"$state.count++", "r:count w:count"},
      {"--$state.count", "r:count w:count"},
      {"($state.count) = 1", "w:count"},
      {"($state).count++", "r:count w:count"},
      {"delete $state.count", "w:count"},
      {"$state.a = $state.b = 1", "w:a w:b"},
      {"$state.a = $state.b + $state.c", "r:b r:c w:a"},
      {"return 'count' in $state", "r:count"},
      {"return k in $state", "r:*"},
      {"$state?.count", "r:count"},
      {"if (!$state.loading && $state.n > 0) $state.loading = true", "r:loading r:n w:loading"},
      {"return `${$state.first} ${$state.last}`", "r:first r:last"},
      {"$state\n  // the counter\n  .count = 1", "w:count"},
      {"\\u0024state.c\\u006funt = 1", "w:count"},
  });
}

TEST(Needs, SubscriptsWithCertainKeysAreNames) {
  expect_needs({
      {"return $state['a-b']", "r:a-b"},
      {"$state[\"k\"] = 1", "w:k"},
      {"$state[`k`]++", "r:k w:k"},
      {"$state[('k')] = 1", "w:k"},
      {"return $state[0]", "r:0"},
      {"return $state['\\x6b']", "r:k"},
      {"return $state?.['k']", "r:k"},
      {"return $state[k]", "r:*"},
      {"$state[k] = 1", "w:*"},
      {"$state[k] += 1", "r:* w:*"},
      {"delete $state[`${k}`]", "w:*"},
      {"return $state['a' + 'b']", "r:*"},
      {"return $state[1e3]", "r:*"},
      {"return $state['a:b']", "r:*"},
      {"return $state['']", "r:*"},
      {"return $state['*']", "r:*"},
      {"return $state[$state.key]", "r:* r:key"},
  });
}

TEST(Needs, NestedWritesNeedReadAndWriteOfTheKey) {
  expect_needs({
      {"$state.user.name = 'x'", "r:user w:user"},
      {"$state.user.address.city ||= 'x'", "r:user w:user"},
      {"$state.items[0].done = true", "r:items w:items"},
      {"$state.items[$state.i]++", "r:i r:items w:items"},
      {"delete $state.map[id]", "r:map w:map"},
      {"$state.items.push({a: 1})", "r:items w:items"},
      {"$state.items?.push?.(1)", "r:items w:items"},
      {"$state.items['push'](1)", "r:items w:items"},
      {"$state.items.length = 0", "r:items w:items"},
      {"$state.items.sort((a, b) => a - b)", "r:items w:items"},
      {"$state.items.unknown()", "r:items w:items"},
      {"$state.items[method]()", "r:items w:items"},
      {"$state.a.b.splice(0, 1, $state.c)", "r:a r:c w:a"},
      {"Object.assign($state.user, {a: 1})", "r:user w:user"},
      {"$state.list.push.call($state.list, 1)", "r:list w:list"},
  });
  for (std::string_view method :
       {"push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"}) {
    EXPECT_EQ(needs("$state.items." + std::string(method) + "()"), "r:items w:items") << method;
  }
}

TEST(Needs, ReadOnlyMethodsReadOnly) {
  expect_needs({
      {"return $state.items.length", "r:items"},
      {"return $state.items.map(x => x.name).join(', ')", "r:items"},
      {"return $state.items.filter(x => x.done).length", "r:items"},
      {"return $state.items.find(x => x.id === $args.id)?.name", "r:items"},
      {"return $state.items.reduce((sum, x) => sum + x.price, 0)", "r:items"},
      {"return $state.items.some(({done}) => done)", "r:items"},
      {"return $state.items.slice().sort((a, b) => a.n - b.n)", "r:items"},
      {"return [...$state.items].reverse()", "r:items"},
      {"return $state.name.trim().toUpperCase().includes($state.query)", "r:name r:query"},
      {"return $state.text.replace('x', $state.word)", "r:text r:word"},
      {"return $state.items.concat($state.more)", "r:items r:more"},
      {"return $state.price.toFixed(2)", "r:price"},
      {"return $state.items.filter(Boolean).map(String)", "r:items"},
      {"return Object.keys($state.map).length + Math.max(...$state.list)", "r:list r:map"},
      {"return JSON.stringify($state.items, null, 2)", "r:items"},
      {"return Object.entries($state.map).map(([k, v]) => k + v.n)", "r:map"},
      {"for (const item of $state.items) { total += item.price }", "r:items"},
      {"for (const i in $state.items) n += i", "r:items"},
      {"return { ...$state.user, age: 3 }", "r:user"},
      {"return Object.assign({}, $state.user, {a: 1})", "r:user"},
      {"switch ($state.mode) { case $state.other: return 1 }", "r:mode r:other"},
      {"return new Date($state.when).getTime()", "r:when"},
  });
}

TEST(Needs, CallbacksGetLiveElements) {
  expect_needs({
      {"$state.items.forEach(x => { x.done = true })", "r:items w:items"},
      {"$state.items.find(x => x.id === 1).done = true", "r:items w:items"},
      {"$state.items.filter(x => x.done)[0].done = false", "r:items w:items"},
      {"$state.items.map(({tags}) => tags.push(1))", "r:items w:items"},
      {"$state.items.forEach(function (x, i, all) { all.pop() })", "r:items w:items"},
      {"$state.items.forEach((...rest) => { rest[0].n = 1 })", "r:items w:items"},
      {"$state.items.forEach(handle)", "r:items w:items"},
      {"function mark(x) { x.done = true }\n$state.items.forEach(mark)", "r:items w:items"},
      {"function show(x) { return x.name }\nreturn $state.items.map(show)", "r:items"},
      {"$state.items.reduce((best, x) => x.n > best.n ? x : best).hot = 1", "r:items w:items"},
      {"$state.items.reduce((best, x) => best && best.n > x.n ? best : x, null).hot = 1",
       "r:items w:items"},
      {"JSON.stringify($state.items, (k, v) => { v.x = 1 })", "r:items w:items"},
      {"Array.from($state.items, x => { x.n = 0 })", "r:items w:items"},
      {"return [1, 2].map(i => $state.items[i]).join()", "r:items"},
      {"[1, 2].map(i => $state.items[i])[0].n = 1", "r:items w:items"},
  });
}

TEST(Needs, VariablesThatHoldAPathWriteThroughIt) {
  expect_needs({
      {"const items = $state.items; return items.length", "r:items"},
      {"const items = $state.items; items.push(1)", "r:items w:items"},
      {"let n = $state.count; n += 1; $state.count = n", "r:count w:count"},
      {"let n = $state.count; n++; return n", "r:count"},
      {"const user = $state.user; const address = user.address; address.city = 'x'",
       "r:user w:user"},
      {"const { user: { address } } = $state; address.city = 'x'", "r:user w:user"},
      {"const [first] = $state.items; first.done = true", "r:items w:items"},
      {"let x; x = $state.items; x.pop()", "r:items w:items"},
      {"for (const item of $state.items) item.done = true", "r:items w:items"},
      {"for (const [k, v] of Object.entries($state.map)) v.n = k", "r:map w:map"},
      {"const item = $state.items.find(x => x.id) || {}; item.done = true", "r:items w:items"},
      {"const x = c ? $state.a : $state.b; x.n = 1", "r:a r:b w:a w:b"},
      {"const box = { list: $state.items }; box.list.push(1)", "r:items w:items"},
      {"const box = { list: $state.items }; box.size = 1; return box", "r:items"},
      {"const out = []; for (const x of $state.items) out.push(x.name); return out", "r:items"},
      {"const out = []; for (const x of $state.items) out.push(x); out[0].n = 1",
       "r:items w:items"},
      {"const byId = {}; $state.items.forEach(x => { byId[x.id] = x }); byId[1].n = 1",
       "r:items w:items"},
      {"const a = [], b = a; b.push($state.items); a[0].pop()", "r:items w:items"},
      {"const copy = {...$state.user}; copy.name = 'x'; $state.user = copy", "r:user w:user"},
      {"const todo = $state.todos.find(t => t.id); todo.owner = $state.user.name",
       "r:todos r:user w:todos"},
      {"const m = new Map(); m.set('a', $state.items); m.get('a').push(1)", "r:items w:items"},
      {"const items = await $state.items; items.push(1)", "r:items w:items"},
      {"const push = $state.items.push; push.call(x, 1)", "r:items w:items"},
  });
}

TEST(Needs, FunctionsOfTheHandlerAreFollowed) {
  expect_needs({
      {"function bump(x) { x.n++ }\nbump($state.a)", "r:a w:a"},
      {"function show(x) { return x.n }\nreturn show($state.a)", "r:a"},
      {"const second = (a, b) => { b.n = 1 }; second($state.a, $state.b)", "r:a r:b w:b"},
      {"const second = (a, b) => { b.n = 1 }; second(...x, $state.a)", "r:a w:a"},
      {"const first = () => $state.items[0]; return first().name", "r:items"},
      {"const first = () => $state.items[0]; first().name = 1", "r:items w:items"},
      {"const get = async () => $state.a; (await get()).n = 1", "r:a w:a"},
      {"(() => $state.a)().n = 1", "r:a w:a"},
      {"let f = x => x; f = y => { y.n = 1 }; f($state.a)", "r:a w:a"},
      {"function f(x) { return f(x) }\nf($state.a)", "r:a"},
      {"function f() { arguments[0].n = 1 }\nf($state.a)", "r:a w:a"},
      {"function f({n = 1, ...rest}) { return rest.b }\nf($state.a)", "r:a"},
      {"const o = { f(x) { x.n = 1 } }; o.f($state.a)", "r:a w:a"},
      {"const o = { includes(x) { x.n = 1 } }; o.includes($state.a)", "r:a w:a"},
      {"const o = { push: x => { x.n = 1 } }; o.push($state.a)", "r:a w:a"},
      {"class A { constructor(x) { this.x = x } }\nnew A($state.a)", "r:a w:a"},
      {"function* g() { yield $state.a }", "r:a w:a"},
      {"const o = { get a() { return $state.a } }; o.a.n = 1", "r:a w:a"},
      {"somebody($state.a)", "r:a w:a"},
      {"throw $state.a", "r:a w:a"},
  });
}

TEST(Needs, DestructuringReadsAndWritesEachKey) {
  expect_needs({
      {"const { a, b: c, 'd-e': f, g = 1 } = $state", "r:a r:b r:d-e r:g"},
      {"const { [k]: v } = $state", "r:*"},
      {"const { a, ...rest } = $state", "r:* r:a w:*"},
      {"[$state.a, $state.b] = [1, 2]", "w:a w:b"},
      {"({ x: $state.a, y: [$state.b = 2] } = o)", "w:a w:b"},
      {"[$state.a, $state.b] = [$state.b, $state.a]", "r:a r:b w:a w:b"},
      {"for ($state.i of [1, 2]) f()", "w:i"},
      {"for ($state.i = 0; $state.i < 3; $state.i++) f()", "r:i w:i"},
      {"[...$state.list] = x", "w:list"},
      {"const [a, b] = [$state.x, $state.y]; a.n = 1", "r:x r:y w:x w:y"},
  });
}

TEST(Needs, ObjectDialectOfState) {
  expect_needs({
      {"return $state.get('a')", "r:a"},
      {"$state.get('a').push(1)", "r:a w:a"},
      {"$state.set('a', 1)", "w:a"},
      {"$state.set('a', $state.get('b'))", "r:b w:a"},
      {"$state.delete('a')", "w:a"},
      {"return $state.has('a')", "r:a"},
      {"return $state.keys()", "r:*"},
      {"$state.update('n', n => n + 1)", "r:n w:n"},
      {"$state.update('n', () => $state.m)", "r:m r:n w:n"},
      {"$state.set(k, 1)", "w:*"},
      {"return $state.get(k)", "r:*"},
      {"$state.update(...args)", "r:* w:*"},
      {"$state['set']('a', 1)", "w:a"},
      {"const { get, set } = $state", "r:* r:get r:set w:*"},
      {"const set = $state.set", "r:set w:*"},
      {"return $state.keys.length", "r:keys"},
      {"$state.set = 1", "w:set"},
      {"$state.get.call($state, 'a')", "r:* r:get w:* w:get"},
  });
}

TEST(Needs, StateAsAWholeNeedsBothWildcards) {
  for (std::string_view source : {"const s = $state; s.a = 1",
                                  "let s; s = $state",
                                  "f($state)",
                                  "return $state",
                                  "return { ...$state }",
                                  "return [$state]",
                                  "return { $state }",
                                  "return { s: $state }",
                                  "for (const x of $state) f(x)",
                                  "const [a] = $state",
                                  "() => $state",
                                  "return `${$state}`",
                                  "x = y ? $state : z",
                                  "x = y \?\? $state",
                                  "await $state",
                                  "new F($state)",
                                  "$state(1)",
                                  "$state + ''",
                                  "Object.assign($state, {})",
                                  "$state.valueOf",
                                  "yieldTo(...$state)",
                                  "function f(s = $state) {}",
                                  "class A { s = $state }",
                                  "$state = 1",
                                  "throw $state"}) {
    const std::string found = needs(source);
    const bool inherited = source == "$state.valueOf";
    EXPECT_EQ(found, inherited ? "r:valueOf" : "r:* w:*") << source;
  }
  expect_needs({
      {"$state.valueOf().a = 1", "r:* r:valueOf w:*"},
      {"return Object.keys($state)", "r:*"},
      {"return JSON.stringify($state)", "r:*"},
      {"JSON.stringify($state, (k, v) => { v.x = 1 })", "r:* w:*"},
      {"return Object.values($state)", "r:* w:*"},
      {"for (const k in $state) f(k)", "r:*"},
      {"if ($state && typeof $state === 'object' && $state !== null) f()", ""},
  });
}

TEST(Needs, EventsNeedTheirName) {
  expect_needs({
      {"$emit('saved')", "e:saved"},
      {"$emit(\"a-b.c\", { n: 1 })", "e:a-b.c"},
      {"$emit(`saved`)", "e:saved"},
      {"$emit(name)", "e:*"},
      {"$emit('a' + b)", "e:*"},
      {"$emit()", "e:*"},
      {"$emit(...x)", "e:*"},
      {"$emit`saved`", "e:*"},
      {"$emit('system:error', 'x')", "e:*"},
      {"$emit.toast('saved', 'info')", "e:toast"},
      {"$emit?.('saved')", "e:saved"},
      {"const e = $emit; e('x')", "e:*"},
      {"items.forEach($emit)", "e:*"},
      {"$emit.call(null, 'x')", "e:*"},
      {"const { toast } = $emit; toast('x')", "e:toast"},
      {"$emit('saved', $state.items)", "r:items e:saved"},
      {"$emit('saved', { items: $state.items.filter(x => x.done) })", "r:items e:saved"},
      {"$emit('saved', $state)", "r:* w:* e:saved"},
  });
}

TEST(Needs, ViewCommandsNeedTheirComponent) {
  expect_needs({
      {"$view.setFilter('list', 'done')", "v:list"},
      {"$view.scrollTo('list', 0); $view.focus('name')", "v:list v:name"},
      {"$view.command('chart', 'zoom', { x: $state.x })", "r:x v:chart"},
      {"$view.getElementById('list').setProp('items', $state.items)", "r:items v:list"},
      {"$view.focus(id)", "v:*"},
      {"$view.command(null, 'reload')", "v:*"},
      {"$view[method]('list')", "v:*"},
      {"$view.somethingNew('list')", "v:*"},
      {"const v = $view", "v:*"},
      {"const focus = $view.focus", "v:*"},
      {"const { focus } = $view", "v:*"},
  });
}

TEST(Needs, ExtensionsNeedTheirAlias) {
  expect_needs({
      {"const r = await $ext.http.get('https://x')", "x:http"},
      {"await $ext['http']['get']($state.url)", "r:url x:http"},
      {"await Promise.all([$ext.http.get(a), $ext.time.sleep(1)])", "x:http x:time"},
      {"const http = $ext.http; await http.get(a)", "x:http"},
      {"const { http, time: t } = $ext", "x:http x:time"},
      {"await $ext[name].get(a)", "x:*"},
      {"const e = $ext; e.http.get(a)", "x:*"},
      {"const { ...all } = $ext", "x:*"},
      {"return $ext.exists('http') && $ext.list().length && $ext.methods('http')", ""},
      {"return 'http' in $ext", ""},
      {"$ext.http.get(u).then(r => { $state.data = r.body })", "w:data x:http"},
  });
}

TEST(Needs, NexusApiHoldsTheSameHandles) {
  expect_needs({
      {"NexusAPI.state.count++", "r:count w:count"},
      {"NexusAPI.$state.count = 1", "w:count"},
      {"NexusAPI['emit']('saved')", "e:saved"},
      {"NexusAPI.emit.toast('x'); NexusAPI.view.focus('a'); NexusAPI.ext.http.get(u)",
       "e:toast v:a x:http"},
      {"NexusAPI.log('x', $state.a); NexusAPI.log.warn(NexusAPI.args.b)", "r:a"},
      {"const { emit, log } = NexusAPI", "e:*"},
      {"const { state: { a } } = NexusAPI", "r:a"},
      {"const api = NexusAPI", kEverything},
      {"NexusAPI[x]", kEverything},
      {"NexusAPI.valueOf()", kEverything},
      {"return NexusAPI.args.x + NexusAPI.time.now()", ""},
  });
}

TEST(Needs, HarmlessGlobalsNeedNothing) {
  expect_needs({
      {"$log($args.a, $scope.item, $time.now()); $log.warn('x')", ""},
      {"$args.items.push(1)", ""},
      {"const state = { count: 1 }; state.count++; return emit('x')", ""},
      {"return { $state: 1, $emit: 2, 'NexusAPI': 3 }", ""},
      {"x.$state.a = 1; x.$emit('y')", ""},
      {"// $state.a = 1\n/* $emit('x') */ return '$state.b' + `$ext.http` + /$view/.source", ""},
  });
}

TEST(Needs, DeclarationsHideTheGlobals) {
  expect_needs({
      {"const $state = {}; $state.a = 1", ""},
      {"function f($state) { $state.a = 1 }", ""},
      {"items.map($emit => $emit('x'))", ""},
      {"items.map(({ $ext }) => $ext.http.get())", ""},
      {"try { f() } catch ($state) { $state.a = 1 }", ""},
      {"for (const $state of list) $state.a = 1", ""},
      {"{ let $state = {}; $state.a = 1 } $state.b = 1", "w:b"},
      {"function f() { $state.a = 1; var $state = {} }", ""},
      {"$state.a = 1; { function $state() {} }", "w:a"},
      {"(function $state() { $state.a = 1 })", ""},
      {"class $state { static a = 1 } $state.a = 2", ""},
      {"function f(a = $state.x, $state = {}) { $state.y }", ""},
      {"function f(a = $state.x) { var $state = {}; $state.y = 1 }", "r:x"},
      {"function f($state) { var $state; $state.y = 1 } f($emit)", "e:*"},
      {"$state: for (;;) { break $state }", ""},
      {"({ [$state.k](x, $state) { $state.a = 1 } })", "r:k"},
      // Whether this hides the global depends on how the engine hands it over, so it does not
      // count.
      {"var $state; $state.a = 1", "w:a"},
  });
}

TEST(Needs, AreSortedWithTheirFirstPlaces) {
  const HandlerAnalysis found = analyze_handler(
      "$log('\xc3\xa9\xf0\x9f\x98\x80', $state.b);\n"
      "  $state.a = 1; $state.b = $state.a;\n"
      "const list = $state.b;\r\n"
      "list.push(1)");
  ASSERT_EQ(found.needs.size(), 4u);
  std::vector<std::string> lines;
  for (const Need& need : found.needs) {
    lines.push_back(to_string(need.token) + "@" + std::to_string(need.location.line) + ":" +
                    std::to_string(need.location.column));
  }
  EXPECT_EQ(join(lines),
            "state:read:a@2:28 state:read:b@1:12 state:write:a@2:3 state:write:b@2:17");
}

TEST(Needs, PointToTheUseOfAVariableThatWrites) {
  const HandlerAnalysis found =
      analyze_handler("const list = $state.items\nif (x)\n  list.push(1)");
  ASSERT_EQ(found.needs.size(), 2u);
  EXPECT_EQ(found.needs[1].token, (Token{Kind::kStateWrite, "items"}));
  EXPECT_EQ(found.needs[1].location, (Location{3, 3}));
}

TEST(Findings, ListStateKeysOnceAtTheirFirstUse) {
  const HandlerAnalysis found = analyze_handler(
      "$state.b = $state['a'];\nconst { c, d: e } = $state; $state.set('f', $state.a)\n"
      "if ('g' in $state || $state.has('h') || $state[i]) $state.b++");
  EXPECT_EQ(places(found.state_keys), "b@1:8 a@1:19 c@2:9 d@2:12 f@2:40");
  EXPECT_EQ(found.state_keys[0].code, ErrorCode::kStateError);
}

TEST(Findings, ListExtensionsOnceAtTheirFirstUse) {
  const HandlerAnalysis found = analyze_handler(
      "await $ext.http.get(u); await $ext['time'].sleep(1)\n$ext.http.post(u); $ext.list(); "
      "$ext[x]");
  EXPECT_EQ(places(found.extensions), "http@1:12 time@1:36");
  EXPECT_EQ(found.extensions[0].code, ErrorCode::kExtensionNotFound);
}

TEST(ForbiddenGlobals, AreFreeIdentifiersOnly) {
  const auto forbidden = [](std::string_view source) {
    return names(analyze_handler(source).forbidden_globals);
  };
  EXPECT_EQ(forbidden("fetch('x')"), "fetch");
  EXPECT_EQ(forbidden("return typeof window"), "window");
  EXPECT_EQ(forbidden("new Function('x'); eval('y'); setTimeout(f)"), "Function eval setTimeout");
  EXPECT_EQ(forbidden("location = 1; top++"), "location top");
  EXPECT_EQ(forbidden("return { open, close }"), "open close");
  EXPECT_EQ(forbidden("({ history } = x)"), "history");
  EXPECT_EQ(forbidden("return x[parent]"), "parent");
  EXPECT_EQ(forbidden("f\\u0065tch(1)"), "fetch");
  EXPECT_EQ(forbidden("for (self of x) {}"), "self");
  EXPECT_EQ(forbidden("const { a = crypto } = x"), "crypto");
  EXPECT_EQ(forbidden("{ let open = 1 } open()"), "open");
  EXPECT_EQ(forbidden("return `${document.title}`"), "document");

  EXPECT_EQ(forbidden("$state.open = true; x.close(); x?.top; x.fetch"), "");
  EXPECT_EQ(forbidden("return { open: 1, 'close': 2, top() {}, get self() { return 1 } }"), "");
  EXPECT_EQ(forbidden("const open = 1; let { close, x: top } = y; return open + close + top"), "");
  EXPECT_EQ(forbidden("function print(x, history = x) { return history } print(1)"), "");
  EXPECT_EQ(forbidden("try { f() } catch (alert) { g(alert) }"), "");
  EXPECT_EQ(forbidden("parent: for (const frames of x) { continue parent }"), "");
  EXPECT_EQ(forbidden("items.map(prompt => prompt + 1)"), "");
  EXPECT_EQ(forbidden("class location { static fetch = 1; #eval = 2 } new location()"), "");
  EXPECT_EQ(forbidden("// fetch\nreturn 'window' + `document` + /eval/.source"), "");
  EXPECT_EQ(forbidden("f(); function f() { open = 1; var open }"), "");
}

TEST(ForbiddenGlobals, AreAllFortyOneWords) {
  const std::string words =
      "window document fetch XMLHttpRequest eval Function globalThis self frames parent top "
      "WebSocket Worker "
      "SharedWorker ServiceWorker importScripts localStorage sessionStorage indexedDB caches "
      "cookieStore "
      "navigator location history alert confirm prompt open close print postMessage "
      "addEventListener "
      "removeEventListener dispatchEvent setTimeout setInterval requestAnimationFrame "
      "cancelAnimationFrame "
      "queueMicrotask crypto performance";
  std::string source = words;
  std::replace(source.begin(), source.end(), ' ', ';');
  const HandlerAnalysis found = analyze_handler(source);
  EXPECT_EQ(found.forbidden_globals.size(), 41u);
  EXPECT_EQ(names(found.forbidden_globals), words);
}

TEST(ForbiddenGlobals, CarryEveryPlaceUpToABound) {
  EXPECT_EQ(places(analyze_handler("fetch(a)\n /* \xc3\xa9 */ fetch(b)").forbidden_globals),
            "fetch@1:1 fetch@2:10");
  EXPECT_EQ(analyze_handler("fetch()").forbidden_globals[0].code, ErrorCode::kCompilationError);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "fetch();";
  EXPECT_EQ(analyze_handler(many).forbidden_globals.size(), kMaxForbiddenUses);
}

TEST(UsesAwait, IsTrueForEveryFormOfAwait) {
  for (std::string_view source :
       {"await x", "return await (f())", "const [a] = await [1]", "await `x`",
        "for await (const x of y) {}", "x = async () => { await 1 }"}) {
    EXPECT_TRUE(analyze_handler(source).uses_await) << source;
  }
  for (std::string_view source :
       {"return 1", "// await\nreturn 'await x'", "return x.await", "return { await: 1 }", ""}) {
    EXPECT_FALSE(analyze_handler(source).uses_await) << source;
  }
}

TEST(TopLevel, ReturnAndAwaitBelongToTheHandler) {
  expect_needs({
      {"if (!$state.ready) return; const r = await (f()); return { r, a: $state.a }",
       "r:a r:ready"},
      {"return\n$state.a = 1", "w:a"},
      {"await ($state.items); await [$state.a]", "r:a r:items"},
      {"const r = await ($state.items)\nr.push(1)", "r:items w:items"},
      {"const r = await [$state.a, $state.b]\nr[0].x = 1", "r:a r:b w:a w:b"},
      {"await (async () => { $state.a = 1 })()\nreturn (await (f($state.b)), $state.c)",
       "r:b r:c w:a w:b"},
      {"const r = await (async () => $state.a)()\nreturn r.x", "r:a"},
      {"const r = await (x, $state.a).y\nr.z = 1", "r:a w:a"},
      {"const r = await `${$state.a}`\nr.z = 1", "r:a"},
      {"return await $state.a ? await ($state.b) : await ($state.c)", "r:a r:b r:c"},
  });
}

TEST(Unreadable, AsksForTheWildcardsOfWhatItMentions) {
  expect_needs({
      {"$state.a = = 1", "r:* w:* w:a"},
      {"if ($emit('x') {", "e:* e:x"},
      {"return <b>{$ext.http}</b>", "x:* x:http"},
      {"}{", ""},
      {"\\u0024state = (", kEverything},
      {"NexusAPI.(", kEverything},
      {"a <!-- b\n$state.c", "r:* r:c w:*"},
      {"x\n--> $state.a", "r:* w:*"},
      {"with ($state) a = 1", "r:* w:*"},
      {"'unterminated $view", "v:*"},
      {"`unterminated ${$view.focus('a')", "v:* v:a"},
      {"/* unterminated $view", "v:*"},
  });
  EXPECT_EQ(needs(std::string_view("$state.a = '\0'", 14)), "r:* w:*");
  EXPECT_EQ(needs("$state.a;" + std::string(256 * 1024, ' ')), "r:* w:*");
  EXPECT_EQ(needs("$state.a;" + std::string(256 * 1024 - 9, ' ')), "r:a");
  EXPECT_EQ(needs("\xff\xfe$emit('a')\x80"), "e:* e:a");
}

TEST(Unreadable, PointsToTheFirstMention) {
  const HandlerAnalysis found = analyze_handler("return (\n  '$ext");
  ASSERT_EQ(found.needs.size(), 1u);
  EXPECT_EQ(found.needs[0].location, (Location{2, 4}));
}

}  // namespace
}  // namespace nexus::capability
