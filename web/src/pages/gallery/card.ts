import { h, setText } from "../../dom.ts";
import type { PanelInfo } from "../../protocol.ts";

const kUnits: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const kRelative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const kCounted = new Intl.NumberFormat();
const kMaxTags = 4;

export function plural(amount: number, noun: string): string {
  return `${kCounted.format(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

function ago(time: string): string {
  const seconds = Math.min(0, (Date.parse(time) - Date.now()) / 1000);
  if (Number.isNaN(seconds)) return "";
  const [unit, size] = kUnits.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return kRelative.format(Math.round(seconds / size), unit);
}

interface Condition {
  label: string;
  level: "success" | "info" | "warn" | "error";
  why: string;
}

/** What the badge of a panel says: the worst that is the matter with it. */
export function conditionOf(panel: PanelInfo): Condition {
  if (panel.mountError) return { label: "Error", level: "error", why: `mount failed: ${panel.mountError.message}` };
  const failing = panel.triggers?.find((trigger) => trigger.error);
  if (failing?.error) return { label: "Failing", level: "warn", why: `${failing.tool}: ${failing.error.message}` };
  if (panel.status === "suspended") return { label: "Working", level: "info", why: "" };
  return { label: "Running", level: "success", why: "" };
}

/** One panel of the gallery. The miniature is put into `stage` by whoever draws it. */
export class Card {
  readonly element: HTMLLIElement;
  readonly stage = h("div", "nx-card-stage");
  readonly #link = h("a", "nx-card-link");
  readonly #badge = h("span", "nx-badge");
  readonly #badgeText = h("span");
  readonly #text = h("p", "nx-card-text");
  readonly #trouble = h("p", "nx-card-trouble");
  readonly #tags = h("div", "nx-tags");
  readonly #facts = h("p", "nx-card-facts");
  readonly #onTag: (tag: string) => void;
  #shownTags = "";
  panel: PanelInfo | undefined;

  constructor(onTag: (tag: string) => void) {
    this.#onTag = onTag;
    this.stage.setAttribute("aria-hidden", "true");
    this.stage.inert = true;
    this.#badge.append(h("span", "nx-badge-dot"), this.#badgeText);
    const head = h("div", "nx-card-head", h("h2", "nx-card-title", this.#link), this.#badge);
    this.element = h("li", "nx-card", this.stage, h("div", "nx-card-body", head, this.#text, this.#trouble, this.#tags, this.#facts));
  }

  /** Shows a panel, or a placeholder while it is not loaded. */
  show(panel: PanelInfo | undefined): void {
    this.panel = panel;
    this.element.classList.toggle("nx-card-loading", panel === undefined);
    if (!panel) return;
    const { label, level, why } = conditionOf(panel);
    this.#link.href = `/p/${encodeURIComponent(panel.id)}`;
    setText(this.#link, panel.title);
    this.#badge.dataset.status = level;
    setText(this.#badgeText, label);
    setText(this.#text, panel.description ?? "No description");
    this.#text.classList.toggle("nx-card-plain", panel.description === undefined);
    setText(this.#trouble, why);
    this.#trouble.hidden = why === "";
    this.#text.hidden = why !== "";
    this.#showTags(panel.tags ?? []);
    const facts = [plural(panel.tools.length, "tool")];
    if (panel.clientCount > 0) facts.push(`${plural(panel.clientCount, "viewer")} now`);
    if (panel.lastActivity) facts.push(`active ${ago(panel.lastActivity)}`);
    setText(this.#facts, facts.join(" · "));
  }

  #showTags(tags: string[]): void {
    const key = tags.join("\n");
    if (key === this.#shownTags) return;
    this.#shownTags = key;
    this.#tags.replaceChildren(
      ...tags.slice(0, kMaxTags).map((tag) => {
        const chip = h("button", "nx-tag", tag);
        chip.type = "button";
        chip.setAttribute("aria-label", `Search for ${tag}`);
        chip.addEventListener("click", () => this.#onTag(tag));
        return chip;
      }),
    );
  }
}
