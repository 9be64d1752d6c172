import { type Signal, signal, untracked } from "@preact/signals-core";
import { copyButton } from "../copy.ts";
import type { Context, Props } from "../context.ts";
import { h, icon, setText } from "../dom.ts";
import type { Json } from "../protocol.ts";
import { pixelsOf } from "./length.ts";
import { LogData, type LogLine, textOf } from "./log-data.ts";
import type { Component } from "./node.ts";
import { VirtualList } from "./virtual-list.ts";

const kDefaultHeight = 200;
const kHeights = { least: 60, most: 2000 };
// A screen reader that hears every line of a busy log hears nothing else.
const kSpeakEveryMs = 2000;
const kWrapIcon = "M2 4h12M2 8h9a2.5 2.5 0 010 5H8m2-2l-2 2 2 2";
const kCount = new Intl.NumberFormat();

/** LogStream: any number of lines, of which those in sight are on the page; follows the end until the reader scrolls up. */
export const renderLogStream: Component = (_node, props, context) => {
  const lines = h("div", "nx-log-lines");
  lines.tabIndex = 0;
  lines.setAttribute("role", "log");
  lines.setAttribute("aria-live", "off");
  lines.setAttribute("aria-label", "Log");
  const data = new LogData();
  const pill = new Pill();
  const list = listOf(lines, data, pill, props);
  const filter = filterField(props, context);
  const count = h("span", "nx-log-count");
  const copy = copyButton(() => Array.from({ length: data.count }, (_, row) => textOf(data.line(row))).join("\n"), "Copy the lines");
  const bar = h("div", "nx-log-bar", filter.field, count, wrapToggle(lines, list, props), copy);
  const empty = h("p", "nx-log-empty");
  const spoken = h("span", "nx-hidden");
  spoken.setAttribute("aria-live", "polite");
  pill.button.addEventListener("click", () => {
    pill.show(0);
    list.toEnd();
    lines.focus();
  });
  showHeight(lines, list, props, context);
  follow({ data, list, pill, count, empty, spoken }, filter.typed, props, context);
  return {
    element: h("div", "nx-log", bar, lines, empty, pill.button, spoken),
    methods: { scrollToBottom: () => list.toEnd(), scrollTo: ([to]) => scrollTo(lines, list, to) },
  };
};

// "3 new lines", while the reader is elsewhere.
class Pill {
  readonly button = h("button", "nx-log-pill");
  unseen = 0;

  constructor() {
    this.button.type = "button";
    this.button.hidden = true;
  }

  show(unseen: number): void {
    this.unseen = unseen;
    this.button.hidden = unseen === 0;
    setText(this.button, `${kCount.format(unseen)} new ${unseen === 1 ? "line" : "lines"}`);
  }
}

function listOf(lines: HTMLElement, data: LogData, pill: Pill, props: Props): VirtualList {
  const rows = {
    get count() {
      return data.count;
    },
    numberOf: (row: number) => data.numberOf(row),
    render: (row: number) => lineElement(data.line(row)),
  };
  const sticks = () => untracked(() => props.flag("autoScroll", true));
  const list = new VirtualList(lines, rows, (atEnd) => {
    list.following = atEnd && sticks();
    if (atEnd) pill.show(0);
  });
  list.following = sticks();
  return list;
}

// The first drawing, and each change of the width, needs what only the page can tell.
function showHeight(lines: HTMLElement, list: VirtualList, props: Props, { owner }: Context): void {
  owner.effect(() => {
    lines.style.height = `${pixelsOf(props.value("height"), kDefaultHeight, kHeights)}px`;
  });
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (lines.dataset.wrap === "true" && lines.clientWidth !== width) list.reset();
    width = lines.clientWidth;
    list.show();
  });
  observer.observe(lines);
  owner.onDispose(() => observer.disconnect());
}

function scrollTo(lines: HTMLElement, list: VirtualList, to: Json | undefined): void {
  if (typeof to !== "number" && to !== "top") return list.toEnd();
  list.following = false;
  lines.scrollTop = to === "top" ? 0 : to;
}

// What the reader types and what handlers set through the view end up in the same box.
function filterField(props: Props, { owner }: Context): { field: HTMLInputElement; typed: Signal<string> } {
  const field = h("input", "nx-input");
  field.type = "search";
  field.placeholder = "Filter";
  field.setAttribute("aria-label", "Filter log lines");
  const typed = signal("");
  field.addEventListener("input", () => void (typed.value = field.value));
  owner.effect(() => {
    const text = props.text("filter");
    field.value = text;
    typed.value = text;
  });
  return { field, typed };
}

function wrapToggle(lines: HTMLElement, list: VirtualList, props: Props): HTMLButtonElement {
  const button = h("button", "nx-tool", icon(kWrapIcon));
  button.type = "button";
  button.setAttribute("aria-label", "Wrap long lines");
  button.title = "Wrap long lines";
  const set = (wrap: boolean) => {
    lines.dataset.wrap = String(wrap);
    button.setAttribute("aria-pressed", String(wrap));
    list.reset();
    list.show();
  };
  button.addEventListener("click", () => set(lines.dataset.wrap !== "true"));
  set(props.flag("wrap", true));
  return button;
}

interface LogParts {
  data: LogData;
  list: VirtualList;
  pill: Pill;
  count: HTMLElement;
  empty: HTMLElement;
  spoken: HTMLElement;
}

function follow({ data, list, pill, count, empty, spoken }: LogParts, filter: Signal<string>, props: Props, { owner }: Context): void {
  let spokenAt = 0;
  owner.effect(() => {
    const change = data.update(props.value("data"), filter.value);
    if (change.replaced) list.reset();
    else if (change.removed > 0) list.removeAtFront(change.removed);
    list.show();
    pill.show(list.following || change.replaced ? 0 : Math.min(pill.unseen + change.added, data.count));
    setText(count, data.count === data.total ? plural(data.total) : `${kCount.format(data.count)} of ${plural(data.total)}`);
    setText(empty, data.count > 0 ? "" : data.total > 0 ? "No line matches" : "No lines yet");
    if (change.added === 0 || !list.following || Date.now() - spokenAt < kSpeakEveryMs) return;
    spokenAt = Date.now();
    setText(spoken, textOf(data.line(data.count - 1)));
  });
}

function plural(lines: number): string {
  return `${kCount.format(lines)} ${lines === 1 ? "line" : "lines"}`;
}

function lineElement({ time, level, message }: LogLine): HTMLElement {
  const row = h("div", "nx-log-line", h("span", "nx-log-time", time));
  row.append(h("span", "nx-log-level", level), h("span", "nx-log-message", message));
  row.dataset.level = level;
  return row;
}
