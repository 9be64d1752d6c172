import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluate } from "../src/expression/interpreter.ts";
import { kMaxCallDepth, kMaxListLength, kMaxTextLength } from "../src/expression/run.ts";
import type { Expression } from "../src/protocol.ts";
import { parse } from "./parse.ts";

const state: Record<string, unknown> = JSON.parse(`{
  "n": 3, "zero": 0, "text": "Hello", "empty": "", "yes": true, "no": false, "nothing": null,
  "list": [3, 1, 2], "words": ["b", "a", "c"], "nested": [[1, [2]], [3]],
  "items": [{"id": 1, "done": true, "tags": ["x"]}, {"id": 2, "done": false, "tags": []}],
  "user": {"name": "Ada", "address": {"city": "London"}}
}`);
const scope: Record<string, unknown> = { item: { id: 2, title: "row" }, itemIndex: 1, index: 1 };

function environmentOf(values: Record<string, unknown>) {
  const roots = { $state: values, $scope: scope };
  return {
    read: (root: "$state" | "$scope", key: string) => (Object.hasOwn(roots[root], key) ? roots[root][key] : undefined),
    whole: (root: "$state" | "$scope") => roots[root],
  };
}

function run(tree: Expression, values = state): { value: unknown; error?: string } {
  let message: string | undefined;
  const value = evaluate(tree, environmentOf(values), (error) => (message = error.message));
  return message === undefined ? { value } : { value, error: message };
}

// Objects of the interpreter have no prototype; compare what they hold.
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

// What JavaScript itself says is the oracle for everything inside the subset.
const kLikeJavaScript = [
  "1 + 2 * 3", "2 ** 3 ** 2", "7 % 4", "-$state.n", "+'12'", "10 / 4", "'a' + 1", "1 + null", "[] + {}", "[1, 2] + ''",
  "1 / 0", "0 / 0", "'3' * '4'", "'x' - 1", "true + true", "0.1 + 0.2",
  "1 == '1'", "1 === '1'", "null == undefined", "null === undefined", "NaN == NaN", "'a' != 'b'", "[] == ''",
  "[1] == 1", "$state.list == $state.list", "null == 0", "1 !== 2",
  "'b' > 'a'", "2 < 10", "'2' < '10'", "3 <= 3", "null >= 0", "undefined < 1",
  "!0", "!!'x'", "typeof 1", "typeof 'x'", "typeof null", "typeof undefined", "typeof (x => x)", "typeof []",
  "typeof Math", "typeof Number",
  "'a' in {a: 1}", "'b' in {a: 1}", "0 in [5]", "3 in [5]",
  "0 || 'x'", "0 ?? 'x'", "null ?? 'x'", "'' && 'x'", "1 && 2", "false || null || 3",
  "$state.yes ? 'y' : 'n'", "$state.no ? 1 : $state.zero ? 2 : 3",
  "$state.user.name", "$state.user['name']", "$state.user.address.city", "$state['n']", "$state.list[1]",
  "$state.list['length']", "$state.text.length", "$state.text[1]", "$state.missing", "$state.user.missing",
  "$state.missing?.deep.deeper", "$state.nothing?.a[0].b()", "$state.user?.name", "$state.missing?.[0]",
  "$state.user?.address?.city", "$state.user.missing?.()", "$state.list?.map(x => x * 2)", "($state.missing?.a) ?? 'd'",
  "$state.list.map(x => x * 2)", "$state.list.map((x, i) => x * i)", "$state.items.filter(i => !i.done).length",
  "$state.items.find(i => i.id === 2).tags.length", "$state.items.findIndex(i => i.id === 9)",
  "$state.items.findLast(i => i.id < 3).id", "$state.items.findLastIndex(i => i.done)",
  "$state.list.reduce((a, b) => a + b, 10)", "$state.list.reduce((a, b) => a + b)",
  "$state.words.reduceRight((a, b) => a + b)", "$state.list.some(x => x > 2)", "$state.list.every(x => x > 2)",
  "$state.list.toSorted()", "$state.list.toSorted((a, b) => b - a)", "[10, 9, 1].toSorted()", "$state.list.slice(1)",
  "$state.list.slice(-2, -1)", "$state.list.concat([4], 5)", "$state.list.includes(2)", "$state.list.indexOf(9)",
  "$state.list.lastIndexOf(2)", "$state.list.join('-')", "[null, undefined, 1].join()", "[[1, [2]], 3].join()",
  "$state.list.at(-1)", "$state.nested.flat()", "$state.nested.flat(2)", "$state.list.flatMap(x => [x, x])",
  "$state.list.toReversed()", "$state.list.with(0, 9)", "$state.list.toSpliced(1, 1, 7, 8)", "$state.list.toSpliced(1)",
  "[...$state.list.keys()]", "[...$state.words.entries()]", "[...$state.words.values()]",
  "[3, undefined, 1].toSorted()", "[1, 2, 3].map(String)", "['1', '', 'x'].filter(Boolean)", "['1', '2'].map(Number)",
  "$state.text.toUpperCase()", "$state.text.slice(1, 3)", "' x '.trim()", "'a,b,c'.split(',')", "'abc'.split('')",
  "'a,b,c'.split(',', 2)", "'abc'.split()", "'abc'.padStart(5, '*')", "'abc'.padEnd(5)", "'ab'.repeat(3)",
  "'aXbX'.replace('X', '-')", "'aXbX'.replaceAll('X', '-')", "'aXb'.replace('X', '[$&]')",
  "'aXb'.replaceAll('X', m => m + m)", "'abc'.includes('b')", "'abc'.startsWith('b', 1)", "'abc'.endsWith('c')",
  "'abc'.indexOf('c')", "'abcabc'.lastIndexOf('b')", "'abc'.charAt(1)", "'abc'.charCodeAt(0)", "'😀'.codePointAt(0)",
  "'abc'.at(-1)", "'abc'.substring(2, 0)", "'a'.concat('b', 1)", "'a'.localeCompare('b')", "'Ab'.toLowerCase()",
  "(3.14159).toFixed(2)", "(255).toString(16)", "(1234.5).toPrecision(3)", "(5).toFixed()",
  "Math.max(1, 3, 2)", "Math.max()", "Math.min(...$state.list)", "Math.round(2.5)", "Math.hypot(3, 4)", "Math.PI",
  "Math.pow(2, 10)", "Math.abs(-5)", "Math.floor(-1.5)", "Math.sign(-3)", "Math.trunc(4.7)", "Math.atan2(1, 1)",
  "JSON.stringify($state.user)", "JSON.stringify({a: x => x, b: undefined})", "JSON.stringify([1, 2], null, 2)",
  "JSON.parse('{\"a\": [1]}').a[0]",
  "Number('12.5')", "Number()", "String(null)", "String([1, [2]])", "Boolean('')", "parseInt('12px')", "parseInt('ff', 16)",
  "parseFloat('1.5em')", "isNaN('x')", "isFinite('3')", "Number.isInteger(3)", "Number.isInteger('3')",
  "Number.isNaN('x')", "Number.MAX_SAFE_INTEGER", "Array.isArray([])", "Array.isArray('x')", "Array.of(1, 2)",
  "Array.from('abc')", "Array.from([1, 2], x => x * 2)", "Array.from({length: 3}, (_, i) => i)",
  "Object.keys($state.user)", "Object.values({a: 1, b: 2})", "Object.entries({a: 1})",
  "Object.fromEntries([['a', 1], ['b', 2]])", "Object.keys([5, 6])", "Date.parse('2024-01-01T00:00:00Z')",
  "`a${1 + 1}b${$state.text}`", "`${[1, 2]}`", "`plain`",
  "[1, ...$state.list, 2]", "[...'ab']", "{a: 1, ...$state.user.address, b: 2}", "{[`k${1}`]: 1}", "{...null}",
  "({n: 1}).n", "(x => x + 1)(2)", "((a, b) => a + b)(1, 2)", "(() => 5)()", "(x => y => x + y)(1)(2)",
  "((a, b) => b)(1)", "{f: x => x * 2}.f(4)", "$scope.item.title", "$scope.index + 1", "$state.items[$scope.itemIndex].id",
  "$state.items.map(i => ({...i, n: i.tags.length}))", "$state.items.map($state => $state.id)",
  "undefined", "NaN", "Infinity", "-Infinity",
];

for (const source of kLikeJavaScript) {
  test(`is what JavaScript says: ${source}`, () => {
    const script = new Function("$state", "$scope", `return (${source})`);
    const { value, error } = run(parse(source));
    assert.equal(error, undefined);
    assert.deepEqual(plain(value), plain(script(state, scope)));
  });
}

// Everything that would leave the data: no value, in most cases with a reason.
const kRefused = [
  "$state.constructor", "$state.__proto__", "$state.toString", "$state.text.constructor", "$state.n.constructor",
  "$state.list.constructor", "$state.user.constructor", "$state.user.__proto__", "$state.user.hasOwnProperty",
  "$state.list.__proto__", "$state.text.__proto__", "$state.list.map", "$state.text.slice", "$state.list['map']",
  "(x => x).constructor", "(x => x).prototype", "(x => x).call", "Math.constructor", "Math.max.constructor",
  "Math.__proto__", "Number.prototype", "Object.prototype", "Object.create", "Array.prototype",
  "''.constructor", "[].constructor", "({}).constructor", "({})['__proto__']", "`x`['constructor']",
  "$state['const' + 'ructor']", "$state.list['__pro' + 'to__']", "[]['concat']['constructor']",
  "Object.getPrototypeOf", "Object.assign", "Object.entries(Math)[0]", "JSON.stringify.constructor",
  "$state.user.address.valueOf", "Number.constructor", "undefined?.constructor", "(1).toFixed",
];
for (const source of kRefused) {
  test(`has no value: ${source}`, () => assert.equal(run(parse(source)).value, undefined));
}

const kErrors: [string, RegExp][] = [
  ["$state.list.constructor('return 1')()", /no method/],
  ["$state.text.constructor.constructor('return 1')()", /./],
  ["(x => x).constructor('return 1')()", /no method/],
  ["[].filter.constructor('return 1')()", /cannot read|no method/],
  ["$state.list.push(4)", /no method "push"/],
  ["$state.list.splice(0, 1)", /no method "splice"/],
  ["$state.list.fill(0)", /no method/],
  ["$state.user.toString()", /no method/],
  ["$state.user.hasOwnProperty('name')", /no method/],
  ["$state.text.matchAll('x')", /no method/],
  ["(5).constructor(1)", /no method/],
  ["Math.random()", /no method/],
  ["Date.now()", /no method/],
  ["Object.defineProperty({}, 'a', {})", /no method/],
  ["Array.prototype.map.call([], x => x)", /cannot read|no method/],
  ["globalThis", /not defined/],
  ["window.location", /not defined/],
  ["document", /not defined/],
  ["eval('1')", /not defined/],
  ["Function('return 1')()", /not defined/],
  ["constructor", /not defined/],
  ["__proto__", /not defined/],
  ["this", /not defined/],
  ["Math()", /not a function/],
  ["$state.n()", /no method|not a function/],
  ["$state.missing.deep", /cannot read "deep" of undefined/],
  ["$state.nothing.deep", /cannot read "deep" of null/],
  ["($state.missing?.a).b", /cannot read/],
  ["$state.list.map(5)", /must be a function/],
  ["$state.list.map()", /must be a function/],
  ["[].reduce((a, b) => a)", /./],
  ["'a' in 'abc'", /needs a list or an object/],
  ["[...5]", /can be spread/],
  ["JSON.parse('{')", /./],
  ["(5).toFixed(500)", /./],
  ["Object.keys(null)", /no keys/],
];
for (const [source, reason] of kErrors) {
  test(`is an error without a value: ${source}`, () => {
    const { value, error } = run(parse(source));
    assert.equal(value, undefined);
    assert.match(error ?? "no error", reason);
  });
}

const k20 = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]";
const kEndless = [
  "(f => f(f))(f => f(f))",
  `${k20}.map(a => ${k20}.map(b => ${k20}.map(c => ${k20}.map(d => ${k20}.map(e => a + b + c + d + e)))))`,
  "'x'.repeat(1e9)", "'x'.padStart(1e9)", "'x'.padEnd(1e12, 'ab')", "Array.from({length: 1e9})",
  "Array.from({length: 1e15}, x => x)",
  `${k20}.reduce((s, x) => s + s + s, 'abc')`,
  `${k20}.reduce((s, x) => s.concat(s), ${k20})`,
  `${k20}.reduce((s, x) => [...s, ...s], ${k20})`,
  `${k20}.concat(${k20}).reduce((s, x) => [s, s], 1).flat(Infinity)`,
  `JSON.stringify(${k20}.concat(${k20}).reduce((s, x) => [s, s], 1))`,
  `String(${k20}.concat(${k20}).reduce((s, x) => [s, s], 1))`,
  `${k20}.concat(${k20}).reduce((s, x) => [s, s], 1) + ''`,
  `${k20}.concat(${k20}).reduce((s, x) => [s, s], 1) == 'x'`,
  `[${k20}.concat(${k20}).reduce((s, x) => [s, s], 1), 1].toSorted()`,
  `JSON.stringify(${k20}.concat(${k20}).reduce((s, x) => ({a: s, b: s}), 1))`,
  "'aaaaaaaaaaaaaaaa'.repeat(1000).replaceAll('a', 'b'.repeat(100000))",
  "'a'.repeat(100000).replaceAll('', '$`$`$`$`')",
  "'a'.repeat(100000).replaceAll('a', m => 'b'.repeat(100000))",
  `Array.from({length: 100000}).flatMap(x => ${k20}.concat(${k20}))`,
  "Array.from({length: 100000}).map(x => Array.from({length: 100000}))",
  `${k20}.reduce((s, x) => \`\${s}\${s}\${s}\`, 'abc')`,
  "Array.from({length: 50000}, (_, i) => i % 7).toSorted((a, b) => Array.from({length: 1000}).length)",
];
for (const source of kEndless) {
  test(`is stopped in time: ${source.slice(0, 70)} (${kEndless.indexOf(source)})`, () => {
    const started = performance.now();
    const { value, error } = run(parse(source));
    assert.equal(value, undefined);
    assert.notEqual(error, undefined);
    assert.ok(performance.now() - started < 2000, "took longer than two seconds");
  });
}

test("a list of ten thousand rows is within the bounds", () => {
  const rows = Array.from({ length: 10_000 }, (_item, id) => ({ id, done: id % 2 === 0 }));
  assert.equal(run(parse("$state.rows.filter(r => r.done && r.id > 10).length"), { rows }).value, 4994);
});

test("keys that name parts of the prototype are data like any other", () => {
  const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "mine", "toString": "text"}');
  assert.equal(run(parse("$state.h.__proto__.polluted"), { h: hostile }).value, 1);
  assert.equal(run(parse("$state.h.constructor"), { h: hostile }).value, "mine");
  assert.equal(run(parse("`${$state.h}`"), { h: hostile }).value, "[object Object]");
  assert.equal(run(parse("$state.h.toString()"), { h: hostile }).value, undefined);
});

test("building objects with hostile keys changes no prototype", () => {
  for (const source of [
    "{['__proto__']: {polluted: 1}}", "{...JSON.parse('{\"__proto__\": {\"polluted\": 1}}')}",
    "Object.fromEntries([['__proto__', {polluted: 1}]])", "[{['constructor']: 1}].map(o => ({...o}))",
  ]) {
    const { error } = run(parse(source));
    assert.equal(error, undefined, source);
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal(Object.getPrototypeOf(run(parse("{['__proto__']: {polluted: 1}}")).value), null);
});

test("conversions that objects bring along are never called", () => {
  assert.equal(run(parse("({toString: () => 'x', valueOf: () => 7}) + 1")).value, "[object Object]1");
  assert.equal(run(parse("JSON.stringify({toJSON: () => 'x', a: 1})")).value, '{"a":1}');
});

test("nothing that is called changes the state", () => {
  const before = JSON.stringify(state);
  for (const source of ["$state.list.sort()", "$state.list.reverse()", "$state.list.toSpliced(0, 2)"])
    assert.equal(run(parse(source)).error, undefined);
  assert.equal(JSON.stringify(state), before);
});

test("functions never leave an expression as values", () => {
  assert.equal(run(parse("x => x")).value, undefined);
  assert.equal(run(parse("Math.max")).value, undefined);
  assert.equal(JSON.stringify(run(parse("[Math.max, x => x]")).value), "[null,null]");
});

test("trees that no server of ours sends are errors, not crashes", () => {
  const trees = [{ t: "new" }, {}, { t: "bin", op: ">>>", l: { t: "lit", v: 1 }, r: { t: "lit", v: 1 } },
    { t: "un", op: "delete", x: { t: "lit", v: 1 } }, { t: "call" }, { t: "mem", n: "a" }];
  for (const tree of trees) {
    const { value, error } = run(tree as unknown as Expression);
    assert.equal(value, undefined);
    assert.notEqual(error, undefined);
  }
});

test("reading the state by key asks for that key only", () => {
  const asked: string[] = [];
  const environment = {
    read: (_root: string, key: string) => void asked.push(key),
    whole: () => assert.fail("the whole state was read"),
  };
  evaluate(parse("$state.a ? $state.b : $state['c' + 1]"), environment);
  assert.deepEqual(asked, ["a", "c1"]);
});

const countDown = (calls: number) => `(f => f(f, ${calls - 2}))((f, n) => n <= 0 ? 'end' : f(f, n - 1))`;
for (const [what, limit, source] of [
  ["calls", kMaxCallDepth, countDown],
  ["text", kMaxTextLength, (length: number) => `'x'.repeat(${length}).length`],
  ["lists", kMaxListLength, (length: number) => `Array.from({length: ${length}}).length`],
] as const) {
  test(`the bound on ${what} is where it is said to be`, () => {
    for (const allowed of [limit - 1, limit]) assert.notEqual(run(parse(source(allowed))).value, undefined, `${allowed}`);
    assert.match(run(parse(source(limit + 1))).error ?? "no error", new RegExp(`${limit}`));
  });
}
