// The page /: all panels of this server.

import { listPanels } from "../api.ts";
import { h, setText } from "../dom.ts";
import type { PanelInfo } from "../protocol.ts";
import { SignInNeeded } from "../remote.ts";
import { takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";

const kStatusLabels = { running: "Running", suspended: "Working", error: "Error" } as const;
const kUnits: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const kRelative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const list = document.getElementById("panels") as HTMLUListElement;
const count = document.getElementById("count") as HTMLElement;
const search = document.getElementById("search") as HTMLInputElement;
const more = document.getElementById("more") as HTMLButtonElement;
const empty = document.getElementById("empty") as HTMLElement;

let panels: PanelInfo[] = [];
let total = 0;
let cursor: string | undefined;

function ago(time: string): string {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return "";
  const [unit, size] = kUnits.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return kRelative.format(Math.round(seconds / size), unit);
}

function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

function badge(status: PanelInfo["status"]): HTMLElement {
  const element = h("span", "nx-badge", h("span", "nx-badge-dot"), kStatusLabels[status] ?? status);
  element.dataset.status = status === "running" ? "success" : status === "suspended" ? "info" : "error";
  return element;
}

function card(panel: PanelInfo): HTMLLIElement {
  const link = h("a", "nx-card-link", panel.title);
  link.href = `/p/${encodeURIComponent(panel.id)}`;
  const facts = [plural(panel.tools.length, "tool")];
  if (panel.clientCount > 0) facts.push(`${plural(panel.clientCount, "viewer")} now`);
  else if (panel.lastActivity) facts.push(`active ${ago(panel.lastActivity)}`);
  return h(
    "li",
    "nx-card",
    h("div", "nx-card-head", h("h2", "nx-card-title", link), badge(panel.status)),
    h("p", "nx-card-text", panel.description ?? "No description"),
    h("p", "nx-card-facts", facts.join(" · ")),
  );
}

function matches(panel: PanelInfo, words: string): boolean {
  return `${panel.title} ${panel.description ?? ""} ${panel.id}`.toLowerCase().includes(words);
}

function show(): void {
  const words = search.value.trim().toLowerCase();
  const shown = panels.filter((panel) => matches(panel, words));
  list.replaceChildren(...shown.map(card));
  list.setAttribute("aria-busy", "false");
  setText(count, words === "" ? plural(total, "panel") : `${shown.length} of ${plural(total, "panel")}`);
  search.hidden = panels.length === 0;
  more.hidden = cursor === undefined;
  empty.hidden = shown.length > 0;
  setText(empty, panels.length === 0 ? "" : `No panel matches “${search.value.trim()}”.`);
  if (panels.length === 0) empty.append(...emptyState());
}

function emptyState(): HTMLElement[] {
  return [
    h("strong", "nx-notice-title", "No panels yet"),
    h("span", "", "Create the first one from an NXML file:"),
    h("code", "nx-notice-code", `curl --data-binary @panel.nxml -H 'content-type: application/xml' ${location.origin}/panels`),
  ];
}

async function load(from: string | undefined): Promise<void> {
  more.disabled = true;
  try {
    const page = await listPanels(from);
    panels = from === undefined ? page.panels : [...panels, ...page.panels];
    total = page.total;
    cursor = page.nextCursor;
    show();
  } catch (error) {
    setText(count, "");
    empty.hidden = false;
    if (error instanceof SignInNeeded) return empty.replaceChildren(signInForm());
    setText(empty, `The panels could not be loaded: ${error instanceof Error ? error.message : String(error)}.`);
  } finally {
    more.disabled = false;
  }
}

takeTokenFromAddress();
search.addEventListener("input", show);
more.addEventListener("click", () => void load(cursor));
// Coming back to the tab shows what happened meanwhile.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void load(undefined);
});
void load(undefined);
