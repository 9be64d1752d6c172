import { type Signal, signal } from "@preact/signals-core";
import { type Context, type Props, display } from "../context.ts";
import { h, setText } from "../dom.ts";
import { keysOf } from "../keyed.ts";
import type { Component } from "./node.ts";

// The newest lines; older ones stay in the state, not on the page.
const kMaxLines = 500;
const kAtBottomPx = 8;
const kDefaultHeight = 200;
const kTime = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });

/** One line as it is shown. */
export interface LogLine {
  key: string;
  time: string;
  level: "debug" | "info" | "warn" | "error";
  message: string;
}

/** The lines of a LogStream's data: entries are strings or `{id,timestamp,level,message}`. */
export function logLines(data: unknown, filter: string): LogLine[] {
  if (!Array.isArray(data)) return [];
  const first = Math.max(0, data.length - kMaxLines);
  const recent = data.slice(first);
  const keys = keysOf(recent, "id");
  const wanted = filter.toLowerCase();
  return recent
    .map((entry: unknown, at): LogLine => {
      const key = keys[at] ?? "";
      // Positions count from the start of the data, so that a line keeps its key when older ones leave.
      return { key: key.startsWith("@") ? `@${first + at}` : key, ...lineOf(entry) };
    })
    .filter((line) => wanted === "" || `${line.level} ${line.message}`.toLowerCase().includes(wanted));
}

function lineOf(entry: unknown): Omit<LogLine, "key"> {
  if (typeof entry !== "object" || entry === null) return { time: "", level: "info", message: display(entry) };
  const { timestamp, level, message } = entry as Record<string, unknown>;
  const text = message === undefined ? JSON.stringify(entry) : display(message);
  return { time: timeOf(timestamp), level: levelOf(level), message: text };
}

function timeOf(timestamp: unknown): string {
  if (typeof timestamp !== "number" && typeof timestamp !== "string") return "";
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : kTime.format(date);
}

function levelOf(level: unknown): LogLine["level"] {
  const name = String(level ?? "info").toLowerCase();
  if (name === "warning") return "warn";
  return name === "debug" || name === "warn" || name === "error" ? name : "info";
}

/** LogStream: the newest lines, filtered; sticks to the end until the reader scrolls up. */
export const renderLogStream: Component = (_node, props, context) => {
  const filter = h("input", "nx-input");
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", "Filter log lines");
  const list = h("div", "nx-log-lines");
  list.tabIndex = 0;
  list.setAttribute("role", "log");
  list.setAttribute("aria-label", "Log");
  const pill = h("button", "nx-log-pill");
  pill.type = "button";
  const element = h("div", "nx-log", h("div", "nx-log-bar", filter), list, pill);
  const typed = typedFilter(filter, props, context);
  showHeight(list, props, context);
  follow(list, pill, typed, props, context);
  const toEnd = () => void (list.scrollTop = list.scrollHeight);
  return { element, methods: { scrollToBottom: toEnd, scrollTo: ([to]) => scrollLines(list, to) } };
};

function scrollLines(list: HTMLElement, to: unknown): void {
  list.scrollTop = typeof to === "number" ? to : to === "top" ? 0 : list.scrollHeight;
}

// What the reader types and what handlers set through the view end up in the same box.
function typedFilter(filter: HTMLInputElement, props: Props, { owner }: Context): Signal<string> {
  const typed = signal("");
  filter.addEventListener("input", () => void (typed.value = filter.value));
  owner.effect(() => {
    const text = props.text("filter");
    filter.value = text;
    typed.value = text;
  });
  return typed;
}

function showHeight(list: HTMLElement, props: Props, { owner }: Context): void {
  owner.effect(() => {
    const height = Number(props.value("height") ?? kDefaultHeight);
    list.style.height = `${Number.isFinite(height) ? Math.min(Math.max(height, 60), 2000) : kDefaultHeight}px`;
  });
}

function follow(
  list: HTMLElement,
  pill: HTMLButtonElement,
  filter: Signal<string>,
  props: Props,
  { owner }: Context,
): void {
  let unseen = 0;
  const showPill = () => {
    pill.hidden = unseen === 0;
    setText(pill, `${unseen} new ${unseen === 1 ? "line" : "lines"}`);
  };
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight <= kAtBottomPx;
  owner.effect(() => {
    const stick = props.flag("autoScroll", true) && atEnd();
    const added = update(list, logLines(props.value("data"), filter.value));
    if (stick) list.scrollTop = list.scrollHeight;
    else unseen += added;
    showPill();
  });
  list.addEventListener("scroll", () => {
    if (!atEnd()) return;
    unseen = 0;
    showPill();
  });
  pill.addEventListener("click", () => void (list.scrollTop = list.scrollHeight));
}

// Lines only ever come at the end and go at the front, save for filtering: known elements are put back in
// order and the rest is made. Returns how many are new.
function update(list: HTMLElement, lines: LogLine[]): number {
  const known = new Map([...list.children].map((row) => [(row as HTMLElement).dataset.key ?? "", row]));
  let added = 0;
  const rows = lines.map((line) => {
    const row = known.get(line.key);
    if (row && row.lastElementChild?.textContent === line.message) return row;
    added++;
    return lineElement(line);
  });
  if (rows.length !== list.children.length || rows.some((row, at) => row !== list.children[at]))
    list.replaceChildren(...rows);
  return known.size === 0 ? 0 : added;
}

function lineElement({ key, time, level, message }: LogLine): HTMLElement {
  const row = h("div", "nx-log-line", h("span", "nx-log-time", time));
  row.append(h("span", "nx-log-level", level), h("span", "nx-log-message", message));
  row.dataset.key = key;
  row.dataset.level = level;
  return row;
}
