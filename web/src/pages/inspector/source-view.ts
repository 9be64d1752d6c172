import { h } from "../../dom.ts";
import type { Diagnostic } from "../../protocol.ts";

// What a line of NXML is made of, for colours only.
const kToken = /(?<comment><!--[\s\S]*?(?:-->|$))|(?<tag><\/?[A-Za-z][\w.-]*|\/?>)|(?<name>[A-Za-z_][\w:.-]*)(?==["'])|(?<string>"[^"\n]*"|'[^'\n]*')/g;

function colored(line: string): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let end = 0;
  for (const match of line.matchAll(kToken)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? "";
    parts.push(line.slice(end, match.index), h("span", `nx-code-${kind}`, match[0]));
    end = match.index + match[0].length;
  }
  parts.push(line.slice(end));
  return parts;
}

function lineOf(text: string, number: number, marked: boolean): HTMLElement {
  const line = h("span", "nx-code-line", h("span", "nx-code-number", String(number)), h("span", "nx-code-text", ...colored(text), "\n"));
  line.dataset.marked = String(marked);
  return line;
}

/** NXML with line numbers; the lines of `marked` stand out. */
export function sourceView(source: string, first = 1, marked: ReadonlySet<number> = new Set()): HTMLElement {
  const lines = source.replace(/\n$/, "").split("\n");
  const code = h("code", "", ...lines.map((text, index) => lineOf(text, first + index, marked.has(first + index))));
  const element = h("pre", "nx-code", code);
  element.tabIndex = 0;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", "Source");
  return element;
}

const kAround = 2;

/** The lines around a diagnostic, with a mark under the place. */
export function excerpt(source: string, { line, column, endLine, endColumn }: Diagnostic): HTMLElement {
  const lines = source.split("\n");
  const first = Math.max(1, line - kAround);
  const last = Math.min(lines.length, line + kAround);
  const element = sourceView(lines.slice(first - 1, last).join("\n"), first, new Set([line]));
  element.setAttribute("aria-label", `Source around line ${line}`);
  const text = lines[line - 1] ?? "";
  const end = endLine === line ? endColumn : [...text].length + 1;
  const mark = h("span", "nx-code-mark", `${[...text].slice(0, column - 1).map((char) => (char === "\t" ? "\t" : " ")).join("")}${"^".repeat(Math.max(1, end - column))}\n`);
  mark.setAttribute("aria-hidden", "true");
  element.querySelectorAll(".nx-code-line")[line - first]?.append(mark);
  return element;
}

const kMaxFaults = 50;

/** What is wrong with a document, to read: each fault with the source around it, where there is any; `hint` says what to do. */
export function faultsView(title: string, source: string, diagnostics: readonly Diagnostic[], hint?: string): HTMLElement {
  const faults = diagnostics.slice(0, kMaxFaults).map((fault) => {
    const place = source === "" ? "" : `Line ${fault.line}, column ${fault.column}: `;
    const heading = h("h3", "nx-fault-title", `${place}${fault.message}`, " ", h("code", "nx-problem-code", fault.code));
    return h("section", "nx-fault", heading, source === "" ? undefined : excerpt(source, fault));
  });
  const left = diagnostics.length - faults.length;
  return h("div", "nx-faults", h("h2", "nx-notice-title", title), hint === undefined ? undefined : h("p", "nx-fault-hint", hint), ...faults, left > 0 ? h("p", "", `and ${left} more`) : undefined);
}
