import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf, safeAddress } from "../src/events.ts";
import { axisOf, pointsOf, slicesOf } from "../src/render/chart-data.ts";
import { logLines } from "../src/render/logstream.ts";

test("points come from own properties with a finite number", () => {
  const data = [{ x: "a", y: 1 }, { x: "b", y: "2" }, { x: "c" }, { y: Number.NaN }, null, { y: 4 }, 5];
  assert.deepEqual(pointsOf(data, "x", "y"), [
    { label: "a", value: 1 }, { label: "b", value: 2 }, { label: "6", value: 4 }, { label: "7", value: 5 },
  ]);
  assert.deepEqual(pointsOf("no list", "x", "y"), []);
  assert.equal(pointsOf(Array.from({ length: 5000 }, (_item, y) => ({ y })), "x", "y").length, 1000);
});

test("an axis covers the values in round steps", () => {
  assert.deepEqual(axisOf([3, 97], true).ticks, [0, 50, 100]);
  assert.deepEqual(axisOf([0, 7], true).ticks, [0, 2, 4, 6, 8]);
  assert.deepEqual(axisOf([-5, 5], true).ticks, [-5, 0, 5]);
  assert.deepEqual(axisOf([0.1, 0.3], true).ticks, [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(axisOf([1001, 1004], false).ticks, [1001, 1002, 1003, 1004]);
});

test("an axis of nothing, of one value and of zeros has a height", () => {
  for (const values of [[], [5], [0, 0], [-3]]) {
    const { min, max } = axisOf(values, false);
    assert.ok(max > min, `${values} gives ${min} to ${max}`);
  }
});

test("slices cover the circle and leave out what is not positive", () => {
  const slices = slicesOf([{ label: "a", value: 1 }, { label: "b", value: -2 }, { label: "c", value: 3 }]);
  assert.deepEqual(slices.map(({ label, start, end }) => [label, start, end]), [["a", 0, 0.25], ["c", 0.25, 1]]);
  assert.deepEqual(slicesOf([]), []);
});

test("log entries are texts or records; the newest stay, the filter looks at level and message", () => {
  const lines = logLines(["plain", { level: "WARNING", message: "low" }, { level: "odd", message: 5 }, { a: 1 }], "");
  assert.deepEqual(lines.map(({ level, message }) => [level, message]), [
    ["info", "plain"], ["warn", "low"], ["info", "5"], ["info", '{"a":1}'],
  ]);
  assert.equal(logLines(["apple", "pear"], "PEA")[0]?.message, "pear");
  assert.equal(logLines(null, "").length, 0);
  const many = logLines(Array.from({ length: 700 }, (_item, at) => `line ${at}`), "");
  assert.equal(many.length, 500);
  assert.deepEqual([many[0]?.message, many[0]?.key], ["line 200", "@200"]);
});

test("both dialects of toasts have their level", () => {
  assert.equal(levelOf({ type: "warning", message: "x" }), "warn");
  assert.equal(levelOf({ message: "x", level: "error" }), "error");
  assert.equal(levelOf("text"), "info");
  assert.equal(levelOf({ type: "constructor" }), "info");
});

test("a panel may send its user to web addresses only", () => {
  const base = "http://here/p/a";
  assert.equal(safeAddress("https://example.org/x", base)?.href, "https://example.org/x");
  assert.equal(safeAddress("/p/b", base)?.href, "http://here/p/b");
  for (const bad of ["javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "data:text/html,x", "file:///etc",
    "blob:http://here/x", "http://"]) assert.equal(safeAddress(bad, base), undefined, bad);
});
