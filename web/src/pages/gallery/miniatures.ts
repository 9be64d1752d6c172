import { h } from "../../dom.ts";
import { Miniature, type ResolvedView } from "../../miniature.ts";
import { call } from "../../session.ts";
import { applyTheme } from "../theme.ts";
import type { Card } from "./card.ts";
import type { Spectator } from "./card-list.ts";

const kAtOnce = 3;
// A panel that changes all the time is drawn anew this often.
const kRestMs = 5000;
// The width at which a panel is laid out before it is made small.
const kStageRem = 40;

interface Drawn {
  miniature: Miniature | undefined;
  key: string;
  at: number;
}

// What a drawing is of: the panel as it is now.
function keyOf(card: Card): string | undefined {
  const { panel } = card;
  return panel && `${panel.id} ${panel.epoch} ${panel.version}`;
}

/**
 * Draws what the cards in the window stand for. No sockets: the list, asked every few seconds, says which panel has
 * changed, and only for those that somebody sees the server is asked how they look, a few at a time.
 */
export class Miniatures implements Spectator {
  readonly #drawn = new Map<Card, Drawn>();
  #seen: readonly Card[] = [];
  #working = 0;
  enabled = true;

  onCards(seen: readonly Card[], gone: readonly Card[]): void {
    for (const card of gone) this.#forget(card);
    this.#seen = seen;
    this.#work();
  }

  #forget(card: Card): void {
    this.#drawn.get(card)?.miniature?.dispose();
    this.#drawn.delete(card);
  }

  #work(): void {
    if (!this.enabled) return;
    while (this.#working < kAtOnce) {
      const card = this.#seen.find((candidate) => this.#isStale(candidate));
      if (!card) return;
      this.#working++;
      void this.#draw(card).finally(() => {
        this.#working--;
        this.#work();
      });
    }
  }

  #isStale(card: Card): boolean {
    const key = keyOf(card);
    const drawn = this.#drawn.get(card);
    if (!key || drawn?.key === key) return false;
    return !drawn || !drawn.key.startsWith(`${card.panel?.id} `) || Date.now() - drawn.at >= kRestMs;
  }

  async #draw(card: Card): Promise<void> {
    const key = keyOf(card) ?? "";
    const before = this.#drawn.get(card);
    this.#drawn.set(card, { miniature: before?.miniature, key, at: Date.now() });
    const view = await viewOf(card.panel?.id ?? "");
    // The card may have left, or show another panel by now.
    if (this.#drawn.get(card)?.key !== key) return;
    before?.miniature?.dispose();
    const miniature = view && new Miniature(view);
    card.stage.replaceChildren(miniature ? miniature.element : h("span", "nx-card-blank", "No picture"));
    if (miniature) {
      miniature.element.classList.add("nx-miniature");
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      miniature.element.style.transform = `scale(${card.stage.clientWidth / (kStageRem * rem)})`;
      applyTheme();
    }
    this.#drawn.set(card, { miniature, key, at: Date.now() });
  }
}

// Undefined when the panel has none to show: it was removed, or the server is too busy. Never a reason to complain.
async function viewOf(id: string): Promise<ResolvedView | undefined> {
  try {
    const response = await call(`/panels/${encodeURIComponent(id)}/view`);
    return response.ok ? ((await response.json()) as { root: ResolvedView }).root : undefined;
  } catch {
    return undefined;
  }
}
