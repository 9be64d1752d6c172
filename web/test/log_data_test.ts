import assert from "node:assert/strict";
import { test } from "node:test";
import { LogData, lineOf, textOf } from "../src/render/log-data.ts";

const messages = (data: LogData) => Array.from({ length: data.count }, (_, row) => data.line(row).message);
const numbers = (data: LogData) => Array.from({ length: data.count }, (_, row) => data.numberOf(row));

test("entries are texts or records", () => {
  const entries = ["plain", { level: "WARNING", message: "low" }, { level: "odd", message: 5 }, { a: 1 }];
  assert.deepEqual(entries.map((entry) => [lineOf(entry).level, lineOf(entry).message]), [
    ["info", "plain"], ["warn", "low"], ["info", "5"], ["info", '{"a":1}'],
  ]);
  assert.equal(textOf({ time: "", level: "warn", message: "low" }), "WARN  low");
});

test("lines that come and go keep the numbers of the others", () => {
  const data = new LogData();
  assert.deepEqual(data.update(["a", "b"], ""), { removed: 0, added: 2, replaced: false });
  assert.deepEqual(data.update(["a", "b", "c"], ""), { removed: 0, added: 1, replaced: false });
  assert.deepEqual(data.update(["c", "d"], ""), { removed: 2, added: 1, replaced: false });
  assert.deepEqual(numbers(data), [2, 3]);
  assert.deepEqual(data.update(["x"], ""), { removed: 0, added: 0, replaced: true });
  assert.deepEqual(numbers(data), [4]);
  assert.equal(data.update(null, "").replaced, true);
  assert.equal(data.count, 0);
});

test("the filter looks at level and message, and at new lines only when lines are added", () => {
  const data = new LogData();
  const entries: unknown[] = ["apple", { level: "error", message: "pear" }];
  data.update(entries, "PEA");
  assert.deepEqual(messages(data), ["pear"]);
  assert.deepEqual(data.update([...entries, "peach", "plum"], "PEA"), { removed: 0, added: 1, replaced: false });
  assert.deepEqual(messages(data), ["pear", "peach"]);
  assert.deepEqual(data.update([...entries.slice(1), "peach", "plum"], "pea").removed, 0);
  assert.deepEqual([data.count, data.total], [2, 3]);
  data.update([...entries.slice(1), "peach", "plum"], "error");
  assert.deepEqual(messages(data), ["pear"]);
});

test("a line that changed in the middle is seen", () => {
  const data = new LogData();
  data.update(["a", "b", "c"], "b");
  assert.equal(data.update(["a", "x", "c"], "b").replaced, true);
  assert.equal(data.count, 0);
});

test("a hundred thousand equal lines are no trouble", () => {
  const data = new LogData();
  const many = Array.from({ length: 100_000 }, () => "same");
  data.update(many, "");
  const started = performance.now();
  for (let at = 0; at < 20; at++) data.update([...many.slice(1), `${at}`], "");
  assert.ok(performance.now() - started < 2000);
});
