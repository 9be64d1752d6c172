import assert from "node:assert/strict";
import { test } from "node:test";
import { effect } from "@preact/signals-core";
import type { Json, PatchOperation } from "../src/protocol.ts";
import { Store } from "../src/store.ts";

const set = (key: string, value: Json): PatchOperation => ({ op: "add", path: `/${key}`, value });

function storeWith(state: Record<string, Json>): Store {
  const store = new Store();
  store.reset(state);
  return store;
}

// Everything the effect saw, the first run included.
function watch<T>(read: () => T): T[] {
  const seen: T[] = [];
  effect(() => void seen.push(read()));
  return seen;
}

test("a patch wakes what reads its keys and nothing else", () => {
  const store = storeWith({ a: 1, b: 1 });
  const a = watch(() => store.read("a"));
  const b = watch(() => store.read("b"));
  store.apply([set("a", 2)]);
  assert.deepEqual(a, [1, 2]);
  assert.deepEqual(b, [1]);
});

test("one patch is one change, however many keys it carries", () => {
  const store = storeWith({ a: 1, b: 1 });
  const both = watch(() => `${store.read("a")}${store.read("b")}`);
  store.apply([set("a", 2), set("b", 2)]);
  assert.deepEqual(both, ["11", "22"]);
});

test("setting an equal value wakes nobody", () => {
  const store = storeWith({ list: [{ id: 1 }] });
  const seen = watch(() => store.read("list"));
  store.apply([set("list", [{ id: 1 }])]);
  assert.equal(seen.length, 1);
});

test("what did not change inside a value keeps its identity", () => {
  const store = storeWith({ list: [{ id: 1 }, { id: 2 }] });
  const before = store.read("list") as Json[];
  store.apply([set("list", [{ id: 1 }, { id: 3 }])]);
  const after = store.read("list") as Json[];
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
});

test("an operation inside a key leaves the identity of everything beside it", () => {
  const store = storeWith({ list: [{ id: 1 }, { id: 2 }], other: { a: 1 } });
  const before = store.read("list") as Json[];
  const other = store.read("other");
  store.apply([
    { op: "add", path: "/list/2", value: { id: 3 } },
    { op: "replace", path: "/list/1/id", value: 5 },
  ]);
  const after = store.read("list") as Json[];
  assert.deepEqual(after, [{ id: 1 }, { id: 5 }, { id: 3 }]);
  assert.equal(after[0], before[0]);
  assert.equal(store.read("other"), other);
});

test("a patch that does not fit is refused", () => {
  const store = storeWith({ list: [1], o: {} });
  for (const path of ["/list/2", "/list/x", "/list/0/a", "/none/a", "/o/a/b"])
    assert.throws(() => store.apply([{ op: "add", path, value: 1 }]), /does not fit/, path);
  for (const path of ["/list/1", "/o/a"]) assert.throws(() => store.apply([{ op: "remove", path }]), /does not fit/);
});

test("a key that appears later wakes who asked for it before", () => {
  const store = storeWith({});
  const seen = watch(() => store.read("late"));
  store.apply([set("late", 1)]);
  assert.deepEqual(seen, [undefined, 1]);
});

test("a deleted key is undefined and no longer part of the whole", () => {
  const store = storeWith({ a: 1, b: 2 });
  const whole = watch(() => Object.keys(store.whole()).join());
  store.apply([{ op: "remove", path: "/a" }]);
  assert.equal(store.read("a"), undefined);
  assert.deepEqual(whole, ["a,b", "b"]);
});

test("a snapshot replaces everything", () => {
  const store = storeWith({ a: 1, old: 1 });
  store.reset({ a: 2, fresh: 1 });
  assert.deepEqual(store.whole(), { a: 2, fresh: 1 });
  assert.equal(store.read("old"), undefined);
});

test("keys that name parts of the prototype are keys like any other", () => {
  const store = storeWith({});
  assert.equal(store.read("constructor"), undefined);
  assert.equal(store.read("__proto__"), undefined);
  store.apply([set("__proto__", { polluted: 1 })]);
  assert.deepEqual(store.read("__proto__"), { polluted: 1 });
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("a draft shows at once and goes when it is settled", () => {
  const store = storeWith({ form: { name: "a", age: 1 } });
  const draft = { path: ["form", "name"], value: "b" };
  store.show(draft);
  assert.deepEqual(store.read("form"), { name: "b", age: 1 });
  store.settle(draft);
  assert.deepEqual(store.read("form"), { name: "a", age: 1 });
});

test("a draft stays on top of what others change meanwhile", () => {
  const store = storeWith({ list: [{ done: false }, { done: false }] });
  const draft = { path: ["list", 0, "done"], value: true };
  store.show(draft);
  store.apply([set("list", [{ done: false }, { done: true }])]);
  assert.deepEqual(store.read("list"), [{ done: true }, { done: true }]);
  store.reset({ list: [{ done: false }] });
  assert.deepEqual(store.read("list"), [{ done: true }]);
});

test("a draft for a row that is gone changes nothing", () => {
  const store = storeWith({ list: [1, 2] });
  store.show({ path: ["list", 5], value: 9 });
  assert.deepEqual(store.read("list"), [1, 2]);
});

test("a draft is confirmed when the server's value is the same", () => {
  const store = storeWith({ form: { name: "a" } });
  const draft = { path: ["form", "name"], value: "b" };
  store.show(draft);
  assert.equal(store.confirms(draft), false);
  store.apply([set("form", { name: "b" })]);
  assert.equal(store.confirms(draft), true);
});

test("staged patches show together, and before anything else does", () => {
  const store = new Store();
  store.reset({ a: 1, b: 1, text: "x" });
  const seen: unknown[] = [];
  effect(() => void seen.push([store.read("a"), store.read("b"), store.read("text")]));
  store.stage([{ op: "add", path: "/a", value: 2 }]);
  store.stage([{ op: "add", path: "/a", value: 3 }, { op: "add", path: "/b", value: 3 }]);
  assert.equal(seen.length, 1);
  store.flush();
  store.flush();
  assert.deepEqual(seen, [[1, 1, "x"], [3, 3, "x"]]);
  store.stage([{ op: "add", path: "/b", value: 4 }]);
  store.show({ path: ["text"], value: "y" });
  assert.deepEqual(seen.at(-1), [3, 4, "y"]);
});
