import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

function environmentOf(values: Record<string, unknown>, loop: Record<string, unknown>) {
  const roots = { $state: values, $scope: loop };
  return {
    read: (root: "$state" | "$scope", key: string) => (Object.hasOwn(roots[root], key) ? roots[root][key] : undefined),
    whole: (root: "$state" | "$scope") => roots[root],
  };
}

function run(tree: Expression, values = state, loop = scope): { value: unknown; error?: string } {
  let message: string | undefined;
  const value = evaluate(tree, environmentOf(values, loop), (error) => (message = error.message));
  return message === undefined ? { value } : { value, error: message };
}

// Objects of the interpreter have no prototype; compare what they hold.
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

// The file that the browser and the kernel's sandbox share; here JavaScript itself says what is right.
const kShared: { state: Record<string, unknown>; cases: { source: string; value: string }[] } = JSON.parse(
  readFileSync(new URL("../../tests/expressions/cases.json", import.meta.url), "utf8"),
);
const describe = (value: unknown) =>
  typeof value === "number" ? `number ${value}` : `${typeof value} ${JSON.stringify(value)}`;
for (const { source, value: expected } of kShared.cases) {
  test(`is what JavaScript says: ${source}`, () => {
    const script = new Function("$state", "$scope", `return (${source})`);
    const loop = { item: { id: 2, title: "row" }, itemIndex: 0, index: 0 };
    assert.equal(describe(script(structuredClone(kShared.state), loop)), expected, "the file is wrong");
    const { value, error } = run(parse(`(v => typeof v === 'number' ? 'number ' + v : typeof v + ' ' + JSON.stringify(v))(${source})`), kShared.state, loop);
    assert.equal(error, undefined);
    assert.equal(value, expected);
  });
}

// What the server refuses at load, yet means what it says.
const kLikeJavaScript = [
  "typeof Math", "typeof Number", "$state.missing", "$state.missing?.deep.deeper", "$state.nothing?.a[0].b()", "$state.missing?.[0]",
  "$state.user.missing?.()", "($state.missing?.a) ?? 'd'", "JSON.parse('{\"a\": [1]}').a[0]", "(x => y => x + y)(1)(2)",
  "{f: x => x * 2}.f(4)", "$state.items.map($state => $state.id)",
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
