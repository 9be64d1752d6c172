// The lines behind a LogStream: which of the data are shown, found anew without reading all of it each time.

import { display } from "../context.ts";

const kTime = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });

/** One line as it is shown. */
export interface LogLine {
  time: string;
  level: "debug" | "info" | "warn" | "error";
  message: string;
}

/** An entry of a LogStream's data: text, or `{timestamp,level,message}`. */
export function lineOf(entry: unknown): LogLine {
  if (typeof entry !== "object" || entry === null) return { time: "", level: "info", message: display(entry) };
  const { timestamp, level, message } = entry as Record<string, unknown>;
  return { time: timeOf(timestamp), level: levelOf(level), message: message === undefined ? JSON.stringify(entry) : display(message) };
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

/** A line as text to copy. */
export function textOf({ time, level, message }: LogLine): string {
  return `${time === "" ? "" : `${time} `}${level.toUpperCase().padEnd(5)} ${message}`;
}

/** What an update did to the rows that are shown. */
export interface LogChange {
  /** Rows that left at the front. */
  removed: number;
  /** Rows that came at the end. */
  added: number;
  /** Whether rows changed otherwise, so that nothing known about them holds. */
  replaced: boolean;
}

/**
 * The rows of a log: lines that come at the end and leave at the front cost nothing but themselves. A row has a number
 * that stays its own while it is there.
 */
export class LogData {
  #entries: readonly unknown[] = [];
  #wanted = "";
  // Positions of the entries that the filter lets through; undefined without a filter.
  #matches: number[] | undefined;
  // The number of the first entry: grows with each that left.
  #first = 0;

  /** How many rows are shown. */
  get count(): number {
    return this.#matches?.length ?? this.#entries.length;
  }

  /** How many there would be without a filter. */
  get total(): number {
    return this.#entries.length;
  }

  line(row: number): LogLine {
    return lineOf(this.#entries[this.#at(row)]);
  }

  numberOf(row: number): number {
    return this.#first + this.#at(row);
  }

  #at(row: number): number {
    return this.#matches ? (this.#matches[row] ?? -1) : row;
  }

  update(data: unknown, filter: string): LogChange {
    const entries: readonly unknown[] = Array.isArray(data) ? data : [];
    const wanted = filter.trim().toLowerCase();
    const gone = wanted === this.#wanted ? goneFrom(this.#entries, entries) : undefined;
    const before = this.#entries.length;
    this.#entries = entries;
    this.#wanted = wanted;
    if (gone === undefined) {
      this.#first += before;
      this.#matches = wanted === "" ? undefined : this.#matching(0);
      return { removed: 0, added: 0, replaced: true };
    }
    this.#first += gone;
    if (!this.#matches) return { removed: gone, added: entries.length - (before - gone), replaced: false };
    const kept = this.#matches.filter((at) => at >= gone).map((at) => at - gone);
    const fresh = this.#matching(before - gone);
    const removed = this.#matches.length - kept.length;
    this.#matches = [...kept, ...fresh];
    return { removed, added: fresh.length, replaced: false };
  }

  #matching(from: number): number[] {
    const result: number[] = [];
    for (let at = from; at < this.#entries.length; at++) {
      const { level, message } = lineOf(this.#entries[at]);
      if (message.toLowerCase().includes(this.#wanted) || level.includes(this.#wanted)) result.push(at);
    }
    return result;
  }
}

// How many entries left at the front when `after` is the rest of `before` with more at its end; undefined when it is not.
function goneFrom(before: readonly unknown[], after: readonly unknown[]): number | undefined {
  if (before.length === 0) return 0;
  if (after.length === 0) return undefined;
  for (let gone = before.indexOf(after[0]); gone >= 0; gone = before.indexOf(after[0], gone + 1)) {
    const kept = before.length - gone;
    if (kept <= after.length && startsWith(after, before, gone)) return gone;
    // Equal lines of plain text may make many false starts: the first few decide.
    if (gone > 8 && typeof after[0] !== "object") return undefined;
  }
  return undefined;
}

function startsWith(list: readonly unknown[], part: readonly unknown[], from: number): boolean {
  for (let at = from; at < part.length; at++) if (list[at - from] !== part[at]) return false;
  return true;
}
