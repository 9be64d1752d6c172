import { h } from "../../dom.ts";
import type { FaultSummary } from "../../protocol.ts";
import { quietButton } from "../quiet-button.ts";

const kShown = 5;

function itemOf({ id, file, running, errors, first }: FaultSummary): HTMLElement {
  const link = h("a", "nx-faulty-link", file ?? id);
  link.href = `/p/${encodeURIComponent(id)}`;
  const badge = h("span", "nx-badge", h("span", "nx-badge-dot"), h("span", "", "Does not load"));
  badge.dataset.status = "error";
  const more = errors > 1 ? ` and ${errors - 1} more` : "";
  const note = running ? " The panel goes on with the version before." : "";
  return h("li", "nx-faulty-item", h("div", "nx-faulty-head", link, badge), h("p", "nx-faulty-text", `${first ?? "It cannot be read"}${more}.${note}`));
}

/** The documents that do not load, above the panels: a few of them, and all when somebody wants to see them. */
export class Faulty {
  readonly #element: HTMLElement;
  #all = false;
  #shown = "";

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  show(faults: readonly FaultSummary[]): void {
    const text = JSON.stringify(faults);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#draw(faults);
  }

  #draw(faults: readonly FaultSummary[]): void {
    const shown = this.#all ? faults : faults.slice(0, kShown);
    const list = h("ul", "nx-faulty-list", ...shown.map(itemOf));
    const left = faults.length - shown.length;
    const more = quietButton(`${left} more`, () => {
      this.#all = true;
      this.#draw(faults);
    });
    this.#element.hidden = faults.length === 0;
    this.#element.replaceChildren(list, ...(left > 0 ? [more] : []));
  }
}
