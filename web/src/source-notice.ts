// What the author of a panel sees while its file does not load (docs/PROTOCOL.md, "Reloading").

import { h } from "./dom.ts";
import type { Surface } from "./events.ts";
import type { Json } from "./protocol.ts";

const kMaxShown = 20;

interface Problem {
  isError: boolean;
  text: string;
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

// Handlers may emit an event of this name too, so nothing is taken for granted.
function problemsOf(payload: Json): Problem[] {
  const list = member(payload, "diagnostics");
  if (!Array.isArray(list)) return [];
  return list.slice(0, kMaxShown).map((item) => ({
    isError: member(item, "severity") === "error",
    text: `${member(item, "line")}:${member(item, "column")} ${member(item, "code")}: ${member(item, "message")}`,
  }));
}

/** Shows its author what keeps the newest version of the panel's file from loading, until a version loads. */
export function showSource(payload: Json, { root, toasts, dev }: Surface): void {
  root.querySelector(".nx-source")?.remove();
  const problems = problemsOf(payload);
  const file = String(member(payload, "file") ?? "The file");
  const first = problems[0];
  if (!dev || !first) return;
  if (!problems.some(({ isError }) => isError)) return toasts.show(`${file}:${first.text}`, "warn");
  const items = problems.map(({ isError, text }) => {
    const item = h("li", "nx-source-item", text);
    item.dataset.level = isError ? "error" : "warn";
    return item;
  });
  const title = h("h2", "nx-source-title", `${file} does not load; this is the version before`);
  const notice = h("section", "nx-source", title, h("ul", "nx-source-list", ...items));
  notice.setAttribute("role", "alert");
  root.querySelector(".nx-frame")?.prepend(notice);
}
