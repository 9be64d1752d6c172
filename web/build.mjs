// Bundles the pages into dist/: two HTML files, their scripts and styles under assets/.

import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await rm(here("dist"), { recursive: true, force: true });
await mkdir(here("dist/assets"), { recursive: true });
await build({
  entryPoints: {
    gallery: here("src/pages/gallery.ts"),
    panel: here("src/pages/panel.ts"),
    nexus: here("src/styles/nexus.css"),
  },
  outdir: here("dist/assets"),
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox121", "safari17.5"],
  logLevel: "warning",
});
await cp(here("public"), here("dist/assets"), { recursive: true });
for (const page of ["index.html", "panel.html"]) await cp(here(`src/pages/${page}`), here(`dist/${page}`));
