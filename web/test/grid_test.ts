import assert from "node:assert/strict";
import { test } from "node:test";
import { cornerOf, heightOf, layoutOf, placesIn } from "../src/pages/gallery/grid.ts";

const kRem = 16;

test("a grid has as many columns as fit, and they fill the width", () => {
  const layout = layoutOf("grid", 1168, kRem);
  assert.equal(layout.columns, 4);
  assert.equal(layout.columns * layout.width + 3 * layout.gap, 1168);
  assert.equal(layoutOf("grid", 280, kRem).columns, 1);
});

test("a list is one column, taller where a line has no room", () => {
  assert.equal(layoutOf("list", 1168, kRem).columns, 1);
  assert.ok(layoutOf("list", 320, kRem).height > layoutOf("list", 1168, kRem).height);
});

test("the height is that of all rows, without a gap behind the last", () => {
  const layout = { columns: 3, width: 100, height: 50, gap: 10 };
  assert.equal(heightOf(layout, 0), 0);
  assert.equal(heightOf(layout, 3), 50);
  assert.equal(heightOf(layout, 4), 110);
});

test("the places of a stretch are whole rows that touch it, and all rows come in turn", () => {
  const layout = { columns: 3, width: 100, height: 50, gap: 10 };
  assert.deepEqual(placesIn(layout, 10, 0, 50), [0, 3]);
  assert.deepEqual(placesIn(layout, 10, 49, 61), [0, 6]);
  assert.deepEqual(placesIn(layout, 10, 51, 61), [3, 6]);
  assert.deepEqual(placesIn(layout, 10, 10_000, 11_000), [10, 10]);
  assert.deepEqual(placesIn(layout, 10, -500, -100), [0, 0]);
  for (let place = 0; place < 10; place++) {
    const { y } = cornerOf(layout, place);
    const [first, end] = placesIn(layout, 10, y, y + 1);
    assert.ok(place >= first && place < end, `place ${place}`);
  }
});
