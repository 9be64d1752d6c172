import type { HistoryEntry, History as HistoryPage, Json } from "../../protocol.ts";
import type { Remote } from "../../remote.ts";

const kPage = 30;

/** One segment of a panel's past, without the values that it wrote. */
export interface Past extends Omit<HistoryEntry, "mutations" | "events"> {
  changed: readonly string[];
  emitted: readonly string[];
}

function pastOf({ mutations, events, ...entry }: HistoryEntry): Past {
  return { ...entry, changed: mutations.map(({ key }) => key), emitted: events.map(({ name }) => name) };
}

const isSame = (a: Past, b: Past): boolean => a.sequence === b.sequence && a.at === b.at;

/** A panel's past as the server keeps it, as far as it is loaded. Every call rejects with what the server said. */
export class History {
  readonly #remote: Remote;
  #entries: readonly Past[] = [];
  #before: number | undefined;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** The newest first. */
  get entries(): readonly Past[] {
    return this.#entries;
  }

  /** Whether the server has older ones. */
  get hasOlder(): boolean {
    return this.#before !== undefined;
  }

  /** Loads what is new; starts over when that does not join on to what is here. */
  async refresh(signal: AbortSignal): Promise<void> {
    const page = await this.#page("", signal);
    const fresh = page.entries.map(pastOf);
    const newest = this.#entries[0];
    const joint = newest === undefined ? -1 : fresh.findIndex((entry) => isSame(entry, newest));
    if (joint >= 0) {
      this.#entries = [...fresh.slice(0, joint), ...this.#entries];
    } else {
      this.#entries = fresh;
      this.#before = page.nextBefore;
    }
  }

  async loadOlder(signal: AbortSignal): Promise<void> {
    if (this.#before === undefined) return;
    const page = await this.#page(`&before=${this.#before}`, signal);
    this.#entries = [...this.#entries, ...page.entries.map(pastOf)];
    this.#before = page.nextBefore;
  }

  async stateAt(version: number, signal: AbortSignal): Promise<Record<string, Json>> {
    return this.#ask<Record<string, Json>>(`/state?version=${version}`, signal);
  }

  #page(more: string, signal: AbortSignal): Promise<HistoryPage> {
    return this.#ask<HistoryPage>(`/history?limit=${kPage}${more}`, signal);
  }

  async #ask<T>(path: string, signal: AbortSignal): Promise<T> {
    const response = await this.#remote.call(path, { signal });
    const body = (await response.json().catch(() => undefined)) as (T & { error?: { message?: string } }) | undefined;
    if (!response.ok || body === undefined) throw new Error(body?.error?.message ?? `the server answered ${response.status}`);
    return body;
  }
}
