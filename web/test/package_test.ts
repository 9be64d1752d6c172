// What npm would publish, and what a program that installs it sees. Needs dist/, which `npm run build` makes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const kWeb = fileURLToPath(new URL("..", import.meta.url));

const run = (program: string, args: string[], directory: string) => {
  try {
    return execFileSync(program, args, { cwd: directory, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args.join(" ")}: ${stdout}${stderr}`);
  }
};

test("the package holds its bundle and declarations, no pages, tests or sources", () => {
  const [{ files }] = JSON.parse(run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], kWeb));
  const names: string[] = files.map(({ path }: { path: string }) => path);
  const manifest = JSON.parse(readFileSync(join(kWeb, "package.json"), "utf8"));
  const wanted = Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry as object)));
  for (const file of [...wanted.map((path: string) => path.slice(2)), "README.md", "dist/assets/chart.js"])
    assert.ok(names.includes(file), `${file} is missing`);
  assert.deepEqual(names.filter((name) => !/^(README\.md|package\.json|dist\/assets\/(reactor|react|chart)\.js|dist\/types\/.*\.d\.ts)$/.test(name)), []);
  assert.equal(manifest.dependencies, undefined, "everything it needs is in its bundle");
});

test("a program without a document, such as a server that renders pages, can load it", async () => {
  const { defineNexusPanel } = (await import(new URL("../dist/assets/reactor.js", import.meta.url).href)) as { defineNexusPanel(): void };
  defineNexusPanel();
});

test("a program in strict TypeScript compiles against it, and mistakes do not", () => {
  const directory = mkdtempSync(join(tmpdir(), "nexus-package-"));
  try {
    const installed = join(directory, "node_modules", "@nexus", "reactor");
    mkdirSync(installed, { recursive: true });
    for (const name of ["package.json", "dist"]) cpSync(join(kWeb, name), join(installed, name), { recursive: true });
    for (const name of ["react", "@types", "csstype"]) symlinkSync(join(kWeb, "node_modules", name), join(directory, "node_modules", name));
    writeFileSync(join(directory, "program.tsx"), `
      import { connect, registerComponent, type Json, TriggerError, NexusPanelElement } from "@nexus/reactor";
      import { NexusPanel } from "@nexus/reactor/react";
      import { createElement } from "react";
      const panel = connect("https://n.example/panels/x", { token: async () => "t" });
      const result: Promise<Json | undefined> = panel.trigger("add", { by: 1 }, { whenOffline: "queue" });
      const stop: () => void = panel.subscribe("n", (value) => console.log(value));
      registerComponent("m", "C", (element, { values, emit }) => { element.textContent = String(values["x"]); emit("e", 1); });
      const element: NexusPanelElement = document.createElement("nexus-panel");
      element.token = "t";
      createElement(NexusPanel, { src: "/p/x", theme: "dark", onEvent: (event) => event.name !== "toast" });
      console.log(result, stop, TriggerError, panel.version, panel.status.kind === "closed" && panel.status.code);
      // @ts-expect-error there is no such theme
      createElement(NexusPanel, { src: "/p/x", theme: "blue" });
      // @ts-expect-error what the view uses is not for programs
      panel.store;
    `);
    const compilerOptions = {
      noEmit: true, strict: true, exactOptionalPropertyTypes: true, target: "es2022", module: "esnext", moduleResolution: "bundler",
      lib: ["es2022", "dom"], types: [], preserveSymlinks: true,
    };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.tsx"] }));
    run(process.execPath, [join(kWeb, "node_modules", "typescript", "bin", "tsc"), "-p", "."], directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
