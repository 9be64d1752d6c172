// What a page loads for a panel. Needs dist/, which `npm run build` makes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const kMostBytes = 40 * 1024;
const asset = (name: string) => readFileSync(new URL(`../dist/assets/${name}`, import.meta.url));

test("the bundle with its styles is at most 40 KiB compressed, charts apart", (context) => {
  const bundle = asset("reactor.js");
  const size = gzipSync(bundle, { level: 9 }).length;
  context.diagnostic(`reactor.js: ${size} bytes; chart.js: ${gzipSync(asset("chart.js"), { level: 9 }).length} bytes`);
  assert.ok(size <= kMostBytes, `${size} bytes`);
  assert.ok(bundle.includes("./chart.js"), "charts are loaded when they are used");
  assert.ok(!bundle.includes("nx-chart-slice\""), "charts are drawn by chart.js only");
});

test("the bundle brings no way to run text as code, and loads nothing from elsewhere", () => {
  for (const name of ["reactor.js", "chart.js", "react.js"]) {
    const text = asset(name).toString();
    assert.doesNotMatch(text, /\beval\s*\(|new Function\b|\.innerHTML|insertAdjacentHTML|document\.write/, name);
    const imports = [...text.matchAll(/(?:\bfrom|\bimport\()\s*"([^"]+)"/g)].map(([, from]) => from);
    assert.ok(imports.every((from) => ["./chart.js", "@nexus/reactor", "react"].includes(from ?? "")), String(imports));
  }
});
