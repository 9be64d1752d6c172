// The questions that runs of this panel wait to have answered by a person, at the panel's lower edge: what is read above
// does not move when one comes, and it stays in sight in a long panel.

import { untracked } from "@preact/signals-core";
import type { PanelClient } from "./client.ts";
import { display } from "./context.ts";
import { h, icon, setText, uniqueId } from "./dom.ts";
import type { Surface } from "./events.ts";
import type { Owner } from "./owner.ts";
import type { Approval, Json } from "./protocol.ts";

const kExtension = "nexus.approval";
const kEvent = "system:approval";
const kPersonIcon = "M8 8a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM3 13.5c.6-2.6 2.6-4 5-4s4.4 1.4 5 4";
const kMaxFacts = 12;
const kTickMs = 30_000;
const kRelative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const kUnits: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** A time as people say it, seen from `now`; both in milliseconds since the epoch. */
function relativeTime(time: number, now: number): string {
  const [unit, size] = kUnits.find(([, length]) => Math.abs(time - now) >= length) ?? ["second", 1000];
  return kRelative.format(Math.round((time - now) / size), unit);
}

/** Shows what waits for a decision, as long as `owner` lives; the result goes below the view. */
export function approvalCards(client: PanelClient, surface: Surface, owner: Owner): HTMLElement {
  const list = h("div", "nx-approvals");
  list.setAttribute("role", "region");
  list.setAttribute("aria-label", "Waiting for a decision");
  list.setAttribute("aria-live", "polite");
  const cards = new Map<string, ApprovalCard>();
  const show = (approval: Approval) => {
    if (cards.has(approval.id)) return;
    const card = new ApprovalCard(approval, client);
    cards.set(approval.id, card);
    list.append(card.element);
  };
  const remove = (id: string) => {
    cards.get(id)?.element.remove();
    cards.delete(id);
  };
  // Only a panel that can ask has such a list; it is asked for again after each cut, which may have hidden events.
  owner.effect(() => {
    const asks = client.document.value?.logic.extensions?.some(({ name }) => name === kExtension) ?? false;
    if (!asks || client.connection.state.value.kind !== "live") return;
    untracked(() => client.remote.approvals()).then(
      (waiting) => {
        for (const id of cards.keys()) if (!waiting.some((approval) => approval.id === id)) remove(id);
        waiting.forEach(show);
      },
      (error: unknown) => console.warn("the approvals that wait could not be read:", error),
    );
  });
  owner.onDispose(
    client.on(kEvent, (payload) => {
      const approval = payload as unknown as Approval;
      if (approval.status === "open") return show(approval);
      remove(approval.id);
      const said = outcomeOf(approval);
      if (said) surface.toasts.show(said, approval.status === "approved" ? "success" : "info");
    }),
  );
  const timer = setInterval(() => cards.forEach((card) => card.showTimes()), kTickMs);
  owner.onDispose(() => clearInterval(timer));
  return list;
}

function outcomeOf({ status, title, by }: Approval): string | undefined {
  if (status === "approved" || status === "rejected") return `“${title}” was ${status} by ${by ?? "somebody"}`;
  return status === "expired" ? `“${title}” was not decided in time` : undefined;
}

class ApprovalCard {
  readonly element: HTMLElement;
  readonly #approval: Approval;
  readonly #client: PanelClient;
  readonly #times = h("p", "nx-approval-times");
  readonly #comment = h("input", "nx-input");
  readonly #message = h("p", "nx-field-error");
  readonly #buttons: HTMLButtonElement[];

  constructor(approval: Approval, client: PanelClient) {
    this.#approval = approval;
    this.#client = client;
    const title = h("h2", "nx-approval-title", approval.title);
    title.id = uniqueId();
    const text = h("p", "nx-approval-text", approval.description ?? "");
    text.hidden = text.textContent === "";
    this.#comment.placeholder = "Comment (optional)";
    this.#comment.setAttribute("aria-label", "Comment");
    this.#comment.maxLength = 1000;
    this.#message.setAttribute("role", "alert");
    this.#message.hidden = true;
    this.#buttons = [this.#button("Reject", "secondary", false), this.#button("Approve", "primary", true)];
    const head = h("div", "nx-approval-head", icon(kPersonIcon), title);
    const actions = h("div", "nx-approval-actions", this.#comment, ...this.#buttons);
    this.element = h("article", "nx-approval", head, text, factsOf(approval.data), this.#times, actions, this.#message);
    this.element.setAttribute("aria-labelledby", title.id);
    this.showTimes();
  }

  showTimes(): void {
    const { requestedAt, deadline } = this.#approval;
    const now = Date.now();
    setText(this.#times, `Asked ${relativeTime(requestedAt, now)}, to be decided ${relativeTime(deadline, now)}`);
  }

  #button(label: string, variant: string, approved: boolean): HTMLButtonElement {
    const button = h("button", "nx-button", h("span", "nx-button-label", label), h("span", "nx-spinner"));
    button.type = "button";
    button.dataset.variant = variant;
    button.addEventListener("click", () => void this.#decide(button, approved));
    return button;
  }

  // The event about it takes the card away, here and for everybody else.
  async #decide(button: HTMLButtonElement, approved: boolean): Promise<void> {
    this.#message.hidden = true;
    for (const each of this.#buttons) each.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await this.#client.remote.decide(this.#approval.id, approved, this.#comment.value.trim());
    } catch (error) {
      setText(this.#message, error instanceof Error ? error.message : String(error));
      this.#message.hidden = false;
    } finally {
      for (const each of this.#buttons) each.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }
}

// What the decision is about, as the handler gave it.
function factsOf(data: Json | undefined): HTMLElement | undefined {
  if (data === undefined || data === null) return undefined;
  if (typeof data !== "object" || Array.isArray(data)) return h("p", "nx-approval-text", display(data));
  const entries = Object.entries(data).slice(0, kMaxFacts);
  const facts = entries.flatMap(([name, value]) => [h("dt", "", name), h("dd", "", display(value))]);
  return h("dl", "nx-approval-facts", ...facts);
}
