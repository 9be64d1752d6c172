import assert from "node:assert/strict";
import { test } from "node:test";
import { axisOf, dataOf, slicesOf, worthDrawing } from "../src/charts/chart-data.ts";
import { levelOf, safeAddress } from "../src/events.ts";

test("values come from own properties that hold a finite number", () => {
  const data = [{ x: "a", y: 1 }, { x: "b", y: "2" }, { x: "c" }, { y: Number.NaN }, null, { y: 4 }, 5];
  const { labels, series } = dataOf(data, "x", ["y"]);
  assert.deepEqual(labels, ["a", "b", "6", "7"]);
  assert.deepEqual(series, [{ name: "y", values: [1, 2, 4, 5] }]);
  assert.deepEqual(dataOf("no list", "x", ["y"]).labels, []);
});

test("several keys are several series, with gaps where a record has no number", () => {
  const { labels, series } = dataOf([{ x: 1, a: 1, b: 2 }, { x: 2, b: 3 }, { x: 3 }], "x", ["a", "b"]);
  assert.deepEqual(labels, ["1", "2"]);
  assert.deepEqual(series.map(({ values }) => values), [[1, undefined], [2, 3]]);
});

test("times are shown as times, other numbers are left alone", () => {
  const at = Date.UTC(2024, 0, 1);
  const days = dataOf([{ x: at, y: 1 }, { x: at + 5 * 86_400_000, y: 2 }], "x", ["y"]).labels;
  assert.ok(days.every((label) => !/^\d+$/.test(label)), String(days));
  assert.deepEqual(dataOf([{ x: 2023, y: 1 }, { x: 2024, y: 2 }], "x", ["y"]).labels, ["2023", "2024"]);
});

test("of many values those that show are drawn, and every peak is among them", () => {
  const values = Array.from({ length: 50_000 }, (_, at) => (at === 31_337 ? 1000 : Math.sin(at)));
  const kept = worthDrawing({ labels: values.map(String), series: [{ name: "y", values }] }, 1000);
  assert.ok(kept.length <= 1002 && kept.length > 500, `${kept.length}`);
  assert.ok(kept.includes(31_337));
  assert.deepEqual([kept[0], kept.at(-1)], [0, 49_999]);
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

test("slices cover the circle and leave out what is not positive or hidden", () => {
  const of = (hidden?: Set<number>) =>
    slicesOf(["a", "b", "c"], [1, -2, 3], hidden).map(({ label, start, end }) => [label, start, end]);
  assert.deepEqual(of(), [["a", 0, 0.25], ["c", 0.25, 1]]);
  assert.deepEqual(of(new Set([2])), [["a", 0, 1]]);
  assert.deepEqual(slicesOf([], []), []);
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
