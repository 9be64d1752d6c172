import type { PanelInfo, PanelList } from "../../protocol.ts";
import { call } from "../../session.ts";

const kPage = 100;
const kLongestPage = 1000; // the server's limit

export interface FeedHandlers {
  /** Something of what the feed holds is new. */
  onChange(): void;
  /** A request failed; what was loaded before stays. */
  onError(error: unknown): void;
}

/**
 * The panels of a server, in its order, loaded from the front as far as somebody looks. The server names each page
 * by the last panel before it, so a place far down is reached through everything above it, in long pages.
 */
export class Feed {
  readonly #handlers: FeedHandlers;
  #items: PanelInfo[] = [];
  #total: number | undefined;
  #cursor: string | undefined;
  #search = "";
  #wanted = 0;
  #loading = false;
  // Counts the searches: an answer to an older one comes too late.
  #generation = 0;

  constructor(handlers: FeedHandlers) {
    this.#handlers = handlers;
  }

  get search(): string {
    return this.#search;
  }

  /** How many panels match; undefined before the first answer. */
  get total(): number | undefined {
    return this.#total;
  }

  /** The panel at a place; undefined while it is not loaded. */
  at(index: number): PanelInfo | undefined {
    return this.#items[index];
  }

  /** Starts over with the panels that match `search`; what is there stays until the answer is. */
  start(search: string): void {
    this.#search = search;
    this.#generation++;
    this.#loading = false;
    this.#wanted = kPage;
    void this.#load(undefined);
  }

  /** Loads on until the place `index` is there. */
  want(index: number): void {
    this.#wanted = Math.max(this.#wanted, index + 1);
    if (this.#cursor !== undefined && this.#items.length < this.#wanted) void this.#load(this.#cursor);
  }

  /** Asks again about the panels from `first` to before `end`; starts over when their list has changed. */
  async refresh(first: number, end: number): Promise<void> {
    const generation = this.#generation;
    const last = Math.min(end, this.#items.length);
    if (this.#loading || (last <= first && this.#total !== 0)) return;
    try {
      const page = await this.#page(this.#items[first - 1]?.id, Math.max(1, last - first));
      if (generation !== this.#generation) return;
      const same = page !== undefined && page.total === this.#total && page.panels.every((panel, i) => panel.id === this.#items[first + i]?.id);
      if (!same) return this.start(this.#search);
      page.panels.forEach((panel, i) => (this.#items[first + i] = panel));
      this.#handlers.onChange();
    } catch (error) {
      if (generation === this.#generation) this.#handlers.onError(error);
    }
  }

  async #load(cursor: string | undefined): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    const generation = this.#generation;
    const have = cursor === undefined ? 0 : this.#items.length;
    const limit = Math.min(kLongestPage, Math.max(kPage, this.#wanted - have));
    try {
      const page = await this.#page(cursor, limit);
      if (generation !== this.#generation) return;
      this.#loading = false;
      if (!page) return this.start(this.#search);
      this.#items = cursor === undefined ? page.panels : [...this.#items, ...page.panels];
      this.#total = page.total;
      this.#cursor = page.nextCursor;
      this.#handlers.onChange();
      this.want(this.#wanted - 1);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#loading = false;
      this.#handlers.onError(error);
    }
  }

  // Undefined when the panel that the cursor names is gone.
  async #page(cursor: string | undefined, limit: number): Promise<PanelList | undefined> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor !== undefined) query.set("cursor", cursor);
    if (this.#search !== "") query.set("search", this.#search);
    // The server takes a plus for a plus.
    const response = await call(`/panels?${query.toString().replaceAll("+", "%20")}`, { headers: { accept: "application/json" } });
    if (response.status === 422 && cursor !== undefined) return undefined;
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return (await response.json()) as PanelList;
  }
}
