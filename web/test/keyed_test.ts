import assert from "node:assert/strict";
import { test } from "node:test";
import { keysOf, staying } from "../src/keyed.ts";

const letters = (text: string) => [...text];
const kept = (before: string, after: string) =>
  [...staying(letters(before), letters(after))].sort((a, b) => a - b).map((index) => after[index]).join("");

test("an unchanged list moves nothing", () => assert.equal(kept("abcd", "abcd"), "abcd"));
test("rows added anywhere leave the others where they are", () => assert.equal(kept("abcd", "xaybcdz"), "abcd"));
test("rows removed anywhere leave the others where they are", () => assert.equal(kept("abcd", "bd"), "bd"));
test("one row moved to the front moves only that row", () => assert.equal(kept("abcd", "dabc"), "abc"));
test("one row moved to the end moves only that row", () => assert.equal(kept("abcd", "bcda"), "bcd"));
test("a reversed list keeps one row", () => assert.equal(kept("abcd", "dcba").length, 1));
test("a list that shares nothing keeps nothing", () => assert.equal(kept("abc", "xyz"), ""));
test("an empty list on either side keeps nothing", () => {
  assert.equal(kept("", "abc"), "");
  assert.equal(kept("abc", ""), "");
});

// The longest increasing run by trying every subset.
function longestRun(before: string, after: string): number {
  const positions = letters(after).map((letter) => before.indexOf(letter)).filter((at) => at >= 0);
  let best = 0;
  for (let set = 0; set < 1 << positions.length; set++) {
    const chosen = positions.filter((_at, index) => set & (1 << index));
    if (chosen.every((at, index) => index === 0 || at > (chosen[index - 1] ?? 0))) best = Math.max(best, chosen.length);
  }
  return best;
}

test("whatever happens to a list, what stays is in order and as much as possible", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  for (let round = 0; round < 300; round++) {
    const pick = () => letters("abcdefgh").filter(() => random(3) > 0).sort(() => random(3) - 1).join("");
    const [before, after] = [pick(), pick()];
    const stay = kept(before, after);
    const places = letters(stay).map((letter) => before.indexOf(letter));
    assert.ok(places.every((at, index) => index === 0 || at > (places[index - 1] ?? 0)), `${before} -> ${after}: ${stay}`);
    assert.equal(stay.length, longestRun(before, after), `${before} -> ${after}: ${stay}`);
  }
});

test("keys come from the named property", () => {
  assert.deepEqual(keysOf([{ id: "b" }, { id: "a" }], "id"), ["s:b", "s:a"]);
});
test("numbers and texts that look alike are different keys", () => {
  const [a, b] = keysOf([{ id: 1 }, { id: "1" }], "id");
  assert.notEqual(a, b);
});
test("items without the property, and plain values, go by position", () => {
  assert.deepEqual(keysOf([{ id: 1 }, {}, 5, null], "id"), ["number:1", "@1", "@2", "@3"]);
  assert.deepEqual(keysOf(["x", "y"], undefined), ["@0", "@1"]);
});
test("a key that comes twice stays unique", () => {
  const keys = keysOf([{ id: 1 }, { id: 1 }, { id: 1 }], "id");
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[0], "number:1");
});
test("a property of the prototype is no key", () => {
  assert.deepEqual(keysOf([{}], "constructor"), ["@0"]);
});
