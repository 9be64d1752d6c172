import { Card } from "./card.ts";
import type { Feed } from "./feed.ts";
import { cornerOf, heightOf, type Layout, layoutOf, type Mode, placesIn } from "./grid.ts";

/** What wants to know which cards somebody sees. */
export interface Spectator {
  /** These cards are in the window now, these have left the document. */
  onCards(seen: readonly Card[], gone: readonly Card[]): void;
}

/** Keeps the cards near the window in `list`, each at its place; all others are only height. */
export class CardList {
  readonly #list: HTMLElement;
  readonly #feed: Feed;
  readonly #spectator: Spectator;
  readonly #onTag: (tag: string) => void;
  readonly #cards = new Map<number, Card>();
  #mode: Mode = "grid";
  #frame = 0;
  #seen: [number, number] = [0, 0];

  constructor(list: HTMLElement, feed: Feed, spectator: Spectator, onTag: (tag: string) => void) {
    this.#list = list;
    this.#feed = feed;
    this.#spectator = spectator;
    this.#onTag = onTag;
    addEventListener("scroll", () => this.update(), { passive: true });
    new ResizeObserver(() => this.update()).observe(list);
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    this.#list.dataset.mode = mode;
    this.#arrange();
  }

  /** The places in the window, from first to before end. */
  get seen(): [first: number, end: number] {
    return this.#seen;
  }

  /** Shows what the feed has, at the next frame. */
  update(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#arrange();
    });
  }

  #arrange(): void {
    const total = this.#feed.total ?? 0;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const box = this.#list.getBoundingClientRect();
    const layout = layoutOf(this.#mode, box.width, rem);
    this.#list.style.height = `${heightOf(layout, total)}px`;
    this.#seen = placesIn(layout, total, -box.top, innerHeight - box.top);
    const [first, end] = placesIn(layout, total, -box.top - innerHeight / 2, 1.5 * innerHeight - box.top);
    const gone = this.#forget(first, end, total);
    for (let place = first; place < end; place++) this.#place(place, layout, total);
    if (end > 0) this.#feed.want(end - 1);
    this.#spectator.onCards([...this.#cards].flatMap(([place, card]) => (place >= this.#seen[0] && place < this.#seen[1] ? [card] : [])), gone);
  }

  // A card that has the focus stays, so that the keyboard goes on from where it was.
  #forget(first: number, end: number, total: number): Card[] {
    const gone: Card[] = [];
    for (const [place, card] of this.#cards) {
      const near = place >= first && place < end;
      if (near || (place < total && card.element.contains(document.activeElement))) continue;
      card.element.remove();
      this.#cards.delete(place);
      gone.push(card);
    }
    return gone;
  }

  #place(place: number, layout: Layout, total: number): void {
    let card = this.#cards.get(place);
    if (!card) {
      card = new Card(this.#onTag);
      this.#cards.set(place, card);
      this.#insert(card, place);
    }
    const { x, y } = cornerOf(layout, place);
    const { style } = card.element;
    style.transform = `translate(${x}px, ${y}px)`;
    style.width = `${layout.width}px`;
    style.height = `${layout.height}px`;
    card.element.ariaPosInSet = String(place + 1);
    card.element.ariaSetSize = String(total);
    card.show(this.#feed.at(place));
  }

  // In the order of the places, which is the order of the Tab key and of what is read aloud.
  #insert(card: Card, place: number): void {
    const later = [...this.#cards.keys()].filter((other) => other > place);
    const next = later.length > 0 ? this.#cards.get(Math.min(...later)) : undefined;
    this.#list.insertBefore(card.element, next?.element ?? null);
  }
}
