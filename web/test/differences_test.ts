import assert from "node:assert/strict";
import { test } from "node:test";
import { differencesOf } from "../src/pages/inspector/differences.ts";

test("differences are where values differ, in the order of their members, written as a handler would", () => {
  const before = { n: 1, rows: [{ name: "Ada" }, { name: "Bob" }], gone: null, "odd key": { a: [1, 2] } };
  const after = { n: 1, rows: [{ name: "Ada" }, { name: "Bert" }, { name: "Cy" }], "odd key": { a: [1] }, fresh: true };
  assert.deepEqual(differencesOf(before, after, 10), [
    { place: "rows[1].name", before: "Bob", after: "Bert" },
    { place: "rows[2]", before: undefined, after: { name: "Cy" } },
    { place: "gone", before: null, after: undefined },
    { place: '["odd key"].a[1]', before: 2, after: undefined },
    { place: "fresh", before: undefined, after: true },
  ]);
});

test("a value of another kind is one difference, equal parts are none, and there are no more than asked for", () => {
  assert.deepEqual(differencesOf({ a: [1] }, { a: { 0: 1 } }, 10), [{ place: "a", before: [1], after: { 0: 1 } }]);
  assert.deepEqual(differencesOf({ a: [{ b: 1 }] }, { a: [{ b: 1 }] }, 10), []);
  assert.equal(differencesOf([1, 2, 3], [4, 5, 6], 2).length, 2);
});
