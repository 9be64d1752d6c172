import assert from "node:assert/strict";
import { test } from "node:test";
import { bindTarget, itemPath, listPlace } from "../src/bindpath.ts";
import { deepEqual, readPath, reuse, withPath } from "../src/paths.ts";
import type { Json } from "../src/protocol.ts";
import { Scope } from "../src/scope.ts";
import { signal } from "@preact/signals-core";
import { parse } from "./parse.ts";

const value: Json = { a: [{ b: 1 }, { b: 2 }], c: "x" };

test("a path reads own properties only", () => {
  assert.equal(readPath(value, ["a", 1, "b"]), 2);
  assert.equal(readPath(value, ["a", "length"]), 2);
  assert.equal(readPath(value, ["constructor"]), undefined);
  assert.equal(readPath(value, ["c", "length"]), undefined);
  assert.equal(readPath(value, ["missing", "deep"]), undefined);
});

test("replacing at a path copies the way there and nothing else", () => {
  const next = withPath(value, ["a", 0, "b"], 9) as { a: Json[]; c: string };
  assert.deepEqual(next, { a: [{ b: 9 }, { b: 2 }], c: "x" });
  assert.deepEqual(value, { a: [{ b: 1 }, { b: 2 }], c: "x" });
  assert.equal(next.a[1], (value as { a: Json[] }).a[1]);
});

test("replacing below nothing makes objects; past the end of a list it changes nothing", () => {
  assert.deepEqual(withPath(undefined, ["a", "b"], 1), { a: { b: 1 } });
  assert.deepEqual(withPath([1], [1], 2), [1]);
  assert.deepEqual(withPath([1], [-1], 2), [1]);
  assert.deepEqual(withPath([1], ["length"], 0), [1]);
});

test("replacing under __proto__ makes a key of that name", () => {
  const next = withPath({}, ["__proto__", "polluted"], 1) as object;
  assert.ok(Object.hasOwn(next, "__proto__"));
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("equality is by content", () => {
  assert.ok(deepEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] }));
  for (const other of [{ a: [1] }, { a: [1, { b: 0 }] }, { a: [1, { b: null }], c: 1 }, [], null, "x"] as Json[])
    assert.ok(!deepEqual({ a: [1, { b: null }] }, other), JSON.stringify(other));
  assert.ok(!deepEqual({ a: 1 }, JSON.parse('{"__proto__": 1}') as Json));
});

test("reuse gives back the previous value when nothing changed", () => {
  const copy = JSON.parse(JSON.stringify(value)) as Json;
  assert.equal(reuse(value, copy), value);
  assert.notEqual(reuse(value, { a: [{ b: 1 }, { b: 2 }] }), value);
  assert.deepEqual(reuse([1, 2, 3], [1, 2]), [1, 2]);
});

const place = (text: string, scope?: Scope) => listPlace(parse(text), scope);

test("an Iterate over a state path shows the stored list", () => {
  assert.deepEqual(place("$state.todos"), { path: ["todos"], exact: true });
  assert.deepEqual(place("$state.a.b['c'][0]"), { path: ["a", "b", "c", 0], exact: true });
  assert.deepEqual(place("$state.todos ?? []"), { path: ["todos"], exact: true });
});
test("a filtered or sorted list still has its place, a derived one has none", () => {
  assert.deepEqual(place("$state.todos.filter(t => t.x).toSorted()"), { path: ["todos"], exact: false });
  assert.equal(place("$state.todos.map(t => t.x)"), undefined);
  assert.equal(place("[1, 2]"), undefined);
  assert.equal(place("$state[$state.n]"), undefined);
});

test("an item of a filtered list is found by identity", () => {
  const items: Json[] = [{ id: 1 }, { id: 2 }];
  const stored = (key: string) => (key === "todos" ? items : undefined);
  assert.deepEqual(itemPath({ path: ["todos"], exact: false }, items[1], 0, stored), ["todos", 1]);
  assert.equal(itemPath({ path: ["todos"], exact: false }, { id: 2 }, 0, stored), undefined);
  assert.deepEqual(itemPath({ path: ["todos"], exact: true }, items[1], 0, stored), ["todos", 0]);
  assert.equal(itemPath(undefined, items[1], 0, stored), undefined);
});

test("a loop variable is written where its item stands, through nested loops", () => {
  const group = new Scope(undefined, "group", signal({}), signal(2), () => ["groups", 2]);
  const rows = listPlace(parse("$scope.group.rows"), group);
  assert.deepEqual(rows, { path: ["groups", 2, "rows"], exact: true });
  const row = new Scope(group, "row", signal({}), signal(0), () => itemPath(rows, {}, 0, () => undefined));
  assert.deepEqual(bindTarget({ root: "scope", path: ["row", "done"] }, row), ["groups", 2, "rows", 0, "done"]);
  assert.deepEqual(bindTarget({ root: "scope", path: ["group", "name"] }, row), ["groups", 2, "name"]);
  assert.equal(bindTarget({ root: "scope", path: ["other", "name"] }, row), undefined);
  assert.deepEqual(bindTarget({ root: "state", path: ["a", "b"] }, row), ["a", "b"]);
});

test("the scope has the item, its position under both names, and the loops around it", () => {
  const outer = new Scope(undefined, "group", signal("g"), signal(1), () => undefined);
  const inner = new Scope(outer, "row", signal("r"), signal(4), () => undefined);
  assert.deepEqual(
    ["row", "rowIndex", "index", "group", "groupIndex", "missing"].map((key) => inner.read(key)),
    ["r", 4, 4, "g", 1, undefined],
  );
});
