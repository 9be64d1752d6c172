import { h } from "../../dom.ts";
import type { CheckReport, Diagnostic, HandlerNeeds } from "../../protocol.ts";

/** Leads to a place in the source. */
export type Reveal = (line: number, column: number) => void;

/** "2 errors, 1 warning", or that there are none. */
export function summaryOf(diagnostics: readonly Diagnostic[]): { text: string; level: "error" | "warn" | "success" } {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const counted = (count: number, noun: string) => (count === 0 ? [] : [`${count} ${noun}${count === 1 ? "" : "s"}`]);
  const text = [...counted(errors, "error"), ...counted(warnings, "warning")].join(", ");
  return { text: text || "No problems", level: errors > 0 ? "error" : warnings > 0 ? "warn" : "success" };
}

/** One line for each diagnostic, which leads to its place. */
export function problemItems(diagnostics: readonly Diagnostic[], reveal: Reveal): HTMLElement[] {
  return diagnostics.map(({ severity, code, message, line, column }) => {
    const button = h("button", "nx-problem", h("span", "nx-hidden", severity), h("span", "nx-problem-place", `${line}:${column}`), h("span", "", message), h("code", "nx-problem-code", code));
    button.type = "button";
    button.dataset.level = severity === "error" ? "error" : "warn";
    button.addEventListener("click", () => reveal(line, column));
    return h("li", "", button);
  });
}

/** What each handler needs, with the lines that need it. */
export function needsList({ handlers }: CheckReport, reveal: Reveal): HTMLElement {
  if (handlers.length === 0) return h("p", "nx-empty", "No tool has a handler yet.");
  return h("dl", "nx-needs", ...handlers.flatMap((handler) => [h("dt", "nx-needs-tool", handler.handler), needsOf(handler, reveal)]));
}

function needsOf({ needs, declared }: HandlerNeeds, reveal: Reveal): HTMLElement {
  const rows = needs.map(({ token, line, column }) => {
    const place = h("button", "nx-needs-place", `line ${line}`);
    place.type = "button";
    place.setAttribute("aria-label", `${token}, line ${line}`);
    place.addEventListener("click", () => reveal(line, column));
    return h("li", "nx-needs-row", h("code", "nx-needs-token", token), place);
  });
  const note = declared ? `Declares ${declared.length === 0 ? "that it needs nothing" : declared.join(", ")}` : undefined;
  return h(
    "dd",
    "nx-needs-of",
    rows.length > 0 ? h("ul", "nx-needs-rows", ...rows) : h("p", "nx-needs-none", "Needs nothing"),
    note === undefined ? undefined : h("p", "nx-needs-none", note),
  );
}
