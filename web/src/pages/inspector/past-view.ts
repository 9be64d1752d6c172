import type { PanelClient } from "../../client.ts";
import { h, setText } from "../../dom.ts";
import type { Json } from "../../protocol.ts";
import { quietButton } from "../quiet-button.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { onceAFrame, short } from "./entries.ts";
import type { History } from "./history.ts";
import { StateTree } from "./state-tree.ts";

const kMaxDifferences = 100;

export interface PastViewOptions {
  history: History;
  client: PanelClient;
  signal: AbortSignal;
  onClose(): void;
}

function valueOf(tag: "del" | "ins", value: Json | undefined): HTMLElement {
  if (value === undefined) return h("span", "nx-difference-none", "not there");
  return h(tag, `nx-difference-${tag}`, short(JSON.stringify(value)));
}

function itemOf({ place, before, after }: Difference): HTMLElement {
  const arrow = h("span", "nx-difference-arrow", "→");
  arrow.setAttribute("aria-label", "is now");
  arrow.setAttribute("role", "img");
  return h("li", "nx-difference", h("code", "nx-difference-place", place), valueOf("del", before), arrow, valueOf("ins", after));
}

/** The state as it was at one version, and how it differs from the state now, which goes on changing. */
export class PastView {
  readonly element: HTMLElement;
  readonly #options: PastViewOptions;
  readonly #note = h("p", "nx-inspector-note");
  readonly #heading = h("h2", "nx-past-title");
  readonly #differences = h("ul", "nx-differences");
  readonly #place = h("div");
  readonly #back: HTMLButtonElement;
  readonly #earlier: HTMLButtonElement;
  readonly #later: HTMLButtonElement;
  readonly #frame = onceAFrame(() => this.#compare());
  readonly #endState: () => void;
  #version = -1;
  #state: Record<string, Json> | undefined;
  #opener: HTMLElement | undefined;

  constructor(options: PastViewOptions) {
    this.#options = options;
    this.#note.setAttribute("role", "status");
    this.#back = quietButton("Back to the list", () => this.#close());
    this.#earlier = quietButton("Earlier", () => this.#step(1));
    this.#later = quietButton("Later", () => this.#step(-1));
    const head = h("div", "nx-past-head", this.#back, this.#earlier, this.#later);
    this.element = h("section", "nx-past", head, this.#note, this.#heading, this.#differences, h("h2", "nx-past-title", "The whole state then"), this.#place);
    this.#endState = options.client.subscribeAll(this.#frame.ask);
  }

  /** Shows a version; `opener` gets the focus back. */
  show(version: number, opener: HTMLElement): void {
    this.#opener = opener;
    void this.#load(version);
    this.#back.focus();
  }

  end(): void {
    this.#frame.end();
    this.#endState();
  }

  #close(): void {
    this.#state = undefined;
    this.#options.onClose();
    this.#opener?.focus();
  }

  async #load(version: number): Promise<void> {
    this.#version = version;
    this.#updateButtons();
    setText(this.#note, `Loading the state at version ${version}`);
    try {
      const state = await this.#options.history.stateAt(version, this.#options.signal);
      if (version !== this.#version) return;
      this.#state = state;
      setText(this.#note, `The state as it was at version ${version}`);
      const tree = new StateTree(new Map());
      tree.update(state);
      this.#place.replaceChildren(tree.element);
    } catch (error) {
      if (this.#options.signal.aborted || version !== this.#version) return;
      this.#state = undefined;
      setText(this.#note, `Version ${version} cannot be shown: ${error instanceof Error ? error.message : String(error)}.`);
      this.#place.replaceChildren();
    }
    this.#compare();
  }

  #compare(): void {
    if (this.element.hidden) return;
    this.#updateButtons();
    const { client } = this.#options;
    const found = this.#state ? differencesOf(this.#state, client.state as Record<string, Json>, kMaxDifferences + 1) : [];
    const more = found.length > kMaxDifferences;
    const title = found.length === 0 ? "No difference to now" : `Differences to now, version ${client.version}`;
    setText(this.#heading, this.#state ? title : "");
    this.#differences.replaceChildren(...found.slice(0, kMaxDifferences).map(itemOf), ...(more ? [h("li", "nx-difference", "and more")] : []));
  }

  // The versions in the list, the newest first, each once.
  #versions(): number[] {
    return [...new Set(this.#options.history.entries.map(({ version }) => version))];
  }

  #step(by: 1 | -1): void {
    const versions = this.#versions();
    const next = versions[versions.indexOf(this.#version) + by];
    if (next !== undefined) void this.#load(next);
  }

  #updateButtons(): void {
    const versions = this.#versions();
    const at = versions.indexOf(this.#version);
    this.#later.disabled = at <= 0;
    this.#earlier.disabled = at < 0 || at === versions.length - 1;
  }
}
