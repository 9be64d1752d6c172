// The parts of the pages that need no page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText, readArgument } from "../src/pages/inspector/tool-form.ts";
import { unitsBefore } from "../src/pages/play/positions.ts";
import { summaryOf } from "../src/pages/play/report.ts";
import { pack, unpack } from "../src/pages/play/share.ts";
import type { ArgInfo, DataType, Diagnostic } from "../src/protocol.ts";

const arg = (type: DataType, required = true): ArgInfo => ({ name: "a", type, required });

test("a field gives the value of its argument's type", () => {
  assert.equal(readArgument(arg("string"), "", false), "");
  assert.equal(readArgument(arg("string", false), "", false), undefined);
  assert.equal(readArgument(arg("number"), " 12.5 ", false), 12.5);
  assert.equal(readArgument(arg("number", false), " ", false), undefined);
  assert.equal(readArgument(arg("boolean"), "", true), true);
  assert.deepEqual(readArgument(arg("list"), "[1]", false), [1]);
  assert.deepEqual(readArgument(arg("object"), '{"a":null}', false), { a: null });
});

test("a field says what is wrong with what it holds", () => {
  assert.throws(() => readArgument(arg("number"), "many", false), /number/);
  assert.throws(() => readArgument(arg("number"), "Infinity", false), /number/);
  assert.throws(() => readArgument(arg("number"), "", false), /required/);
  assert.throws(() => readArgument(arg("list"), "{}", false), /list/);
  assert.throws(() => readArgument(arg("object"), "[]", false), /object/);
  assert.throws(() => readArgument(arg("object"), "null", false), /object/);
  assert.throws(() => readArgument(arg("list"), "[1", false), /JSON/);
});

test("durations are told in the unit that fits", () => {
  assert.deepEqual([999, 1500, 2_500_000].map(durationText), ["999 µs", "1.5 ms", "2.5 s"]);
});

test("columns count code points, and never leave their line", () => {
  assert.equal(unitsBefore("abc", 1), 0);
  assert.equal(unitsBefore("abc", 3), 2);
  assert.equal(unitsBefore("a😀b", 3), 3);
  assert.equal(unitsBefore("ab", 99), 2);
});

test("a document survives its link, whatever is in it", async () => {
  for (const text of ["", "<NexusPanel/>", "Grüße 😀 \u0000 ]]>", "x".repeat(100_000)]) assert.equal(await unpack(await pack(text)), text);
});

test("what is no document does not unpack", async () => {
  await assert.rejects(unpack("%%%"));
  await assert.rejects(unpack("AAAA"));
  await assert.rejects(unpack(await pack("x".repeat(3_000_000))), /too long/);
});

test("the summary counts errors and warnings", () => {
  const found = (severity: Diagnostic["severity"]) => ({ severity }) as Diagnostic;
  assert.deepEqual(summaryOf([]), { text: "No problems", level: "success" });
  assert.deepEqual(summaryOf([found("warning")]), { text: "1 warning", level: "warn" });
  assert.deepEqual(summaryOf([found("error"), found("warning"), found("error")]), { text: "2 errors, 1 warning", level: "error" });
});
