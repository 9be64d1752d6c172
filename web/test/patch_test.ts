import assert from "node:assert/strict";
import { test } from "node:test";
import { applyOperation, operationsOf, parsePointer } from "../src/patch.ts";
import type { Json, Mutation, PatchOperation } from "../src/protocol.ts";

function patched(value: Json, ...patch: PatchOperation[]): Json {
  return patch.reduce((at, operation) => applyOperation(at, parsePointer(operation.path), operation), value);
}

test("operations do what RFC 6902 says", () => {
  assert.deepEqual(patched([1, 2], { op: "add", path: "/1", value: "x" }), [1, "x", 2]);
  assert.deepEqual(patched([1, 2], { op: "add", path: "/2", value: "x" }), [1, 2, "x"]);
  assert.deepEqual(patched([1, 2], { op: "remove", path: "/0" }), [2]);
  assert.deepEqual(patched([1, 2], { op: "replace", path: "/0", value: [] }), [[], 2]);
  assert.deepEqual(patched({ a: { b: 1 } }, { op: "add", path: "/a/c", value: 2 }), { a: { b: 1, c: 2 } });
  assert.deepEqual(patched({ "a/~": 1 }, { op: "replace", path: "/a~1~0", value: 2 }), { "a/~": 2 });
});

test("a member keeps its place when it is replaced, and any name is a member", () => {
  assert.deepEqual(Object.keys(patched({ a: 1, b: 2 }, { op: "add", path: "/a", value: 3 }) as object), ["a", "b"]);
  const odd = patched({}, { op: "add", path: "/__proto__", value: { polluted: 1 } }) as object;
  assert.deepEqual(Object.keys(odd), ["__proto__"]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("the value before is left as it was", () => {
  const before = { list: [{ id: 1 }] };
  patched(before, { op: "add", path: "/list/1", value: 2 }, { op: "remove", path: "/list/0/id" });
  assert.deepEqual(before, { list: [{ id: 1 }] });
});

test("changes of whole keys are operations too", () => {
  const mutations: Mutation[] = [{ operation: "set", key: "a/b~c", value: 1 }, { operation: "delete", key: "n" }];
  assert.deepEqual(operationsOf(mutations), [{ op: "add", path: "/a~1b~0c", value: 1 }, { op: "remove", path: "/n" }]);
});
