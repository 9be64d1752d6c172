// Bundles everything into dist/: the pages as HTML, their scripts and styles under assets/, and there too the package
// @nexus/reactor: reactor.js (one file with its styles), react.js, and chart.js, which a panel with charts loads.

import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const kTarget = ["chrome123", "firefox121", "safari17.5"];

// A style sheet that a script imports is its text, with what it imports itself in it.
const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /reactor\.css$/ }, async ({ path }) => {
      const { outputFiles } = await build({ entryPoints: [path], bundle: true, minify: true, write: false, target: kTarget });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};

// The charts are a file of their own beside whatever loads them.
const chartsApart = {
  name: "charts-apart",
  setup({ onResolve }) {
    onResolve({ filter: /charts\/chart\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./chart.js", external: true } : undefined,
    );
  },
};

const common = {
  outdir: here("dist/assets"),
  bundle: true,
  minify: true,
  format: "esm",
  target: kTarget,
  external: ["@nexus/reactor", "react"],
  plugins: [cssAsText, chartsApart],
  loader: { ".nxml": "text" },
  logLevel: "warning",
};

await rm(here("dist"), { recursive: true, force: true });
await mkdir(here("dist/assets"), { recursive: true });
await build({
  ...common,
  splitting: true,
  chunkNames: "[name]-[hash]",
  entryPoints: {
    admin: here("src/pages/admin.ts"),
    gallery: here("src/pages/gallery.ts"),
    panel: here("src/pages/panel.ts"),
    play: here("src/pages/play.ts"),
    nexus: here("src/styles/nexus.css"),
  },
});
await build({
  ...common,
  entryPoints: { reactor: here("src/index.ts"), chart: here("src/charts/chart.ts"), react: here("src/react.ts") },
});
// A classic script: it runs before the page is drawn.
await build({ ...common, format: "iife", entryPoints: { theme: here("src/pages/theme-early.ts") } });
await cp(here("public"), here("dist/assets"), { recursive: true });
for (const page of ["admin.html", "index.html", "panel.html", "play.html"]) await cp(here(`src/pages/${page}`), here(`dist/${page}`));
