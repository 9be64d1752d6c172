import { h } from "../../dom.ts";
import { defineNexusPanel } from "../../element.ts";
import { storedToken } from "../../session.ts";
import { applyTheme } from "../theme.ts";
import * as server from "./server.ts";

defineNexusPanel();

const kStored = "nexus.play.preview";

function newId(): string {
  return `preview-${crypto.randomUUID().slice(0, 18)}`;
}

/**
 * The live panel beside the source. One panel on the server for as long as the tab is open: each good version of the source
 * takes the place of the one before, and the server keeps what state still fits.
 */
export class Preview {
  readonly #place: HTMLElement;
  readonly #notice = h("div", "nx-preview-notice");
  readonly #panel = document.createElement("nexus-panel");
  #id = sessionStorage.getItem(kStored) ?? newId();
  #shown = "";
  // One request at a time; of the versions that come meanwhile only the newest counts.
  #next: string | undefined;
  #busy = false;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#panel.token = storedToken;
    this.#panel.setAttribute("dev", "");
    place.append(this.#notice);
  }

  /** Shows `source`, soon. Rejects when the server does not make it a panel. */
  async show(source: string): Promise<void> {
    this.#next = source;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#next !== undefined) {
        const wanted = this.#next;
        this.#next = undefined;
        if (wanted === this.#shown) this.#notice.replaceChildren();
        else await this.#make(wanted);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** The newest version does not load: says so over the one before it, or shows `faults` when there is none. */
  refuse(faults: HTMLElement): void {
    this.#notice.replaceChildren(this.#panel.isConnected ? h("p", "nx-preview-stale", "Shows the last version without errors.") : faults);
  }

  /** Starts over with a panel whose state is as its document says. */
  async restart(): Promise<void> {
    const source = this.#shown;
    this.#id = newId();
    this.#shown = "";
    if (source !== "") await this.show(source);
  }

  // An id that another panel has by now is given up.
  async #ask(source: string): Promise<{ id: string }> {
    try {
      return await server.preview(source, this.#id);
    } catch (error) {
      if (!(error instanceof server.Refusal) || error.code !== "PANEL_EXISTS") throw error;
      return server.preview(source, newId());
    }
  }

  async #make(source: string): Promise<void> {
    const { id } = await this.#ask(source);
    this.#notice.replaceChildren();
    this.#id = id;
    this.#shown = source;
    sessionStorage.setItem(kStored, id);
    const address = `/panels/${encodeURIComponent(id)}`;
    if (this.#panel.src !== address) this.#panel.src = address;
    if (!this.#panel.isConnected) this.#place.append(this.#panel);
    applyTheme();
  }
}
