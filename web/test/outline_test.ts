import assert from "node:assert/strict";
import { test } from "node:test";
import { Outline } from "../src/outline.ts";

test("no level of heading is skipped, and equal sizes have equal levels", () => {
  const outline = new Outline();
  assert.deepEqual([3, 3, 4, 1, 4].map((wanted) => outline.levelOf(wanted)), [2, 2, 3, 1, 3]);
});

test("a part begins one level below what contains it", () => {
  const card = new Outline().part();
  assert.equal(new Outline().partLevel, 2);
  assert.deepEqual([4, 2].map((wanted) => card.levelOf(wanted)), [3, 2]);
  assert.equal(card.partLevel, 3);
  assert.equal(new Outline(6).partLevel, 6);
});
