import type { PanelClient } from "../../client.ts";
import { icon } from "../../dom.ts";
import { tabs } from "../tabs.ts";
import { historyPane } from "./history-pane.ts";
import { Log } from "./log.ts";
import { runsPane } from "./runs-pane.ts";
import { sourcePane } from "./source-pane.ts";
import { statePane } from "./state-pane.ts";
import { toolsPane } from "./tools-pane.ts";

/** What a pane of the inspector does while it shows; it gets its element and returns how to end. */
type Pane = (element: HTMLElement, client: PanelClient, log: Log) => () => void;

const kPanes: Record<string, { id: string; pane: Pane }> = {
  state: { id: "state", pane: statePane },
  history: { id: "history", pane: historyPane },
  runs: { id: "runs-pane", pane: (element, _client, log) => runsPane(element, log) },
  tools: { id: "tools-pane", pane: toolsPane },
  source: { id: "source", pane: sourcePane },
};
const kCross = "M4 4l8 8M12 4l-8 8";

/** The drawer beside a panel. Only the pane that shows follows the panel. */
export class Inspector {
  readonly #element: HTMLElement;
  readonly #client: PanelClient;
  readonly #tabs: ReturnType<typeof tabs>;
  readonly #log: Log;
  #end: (() => void) | undefined;
  #opener: HTMLElement | undefined;

  constructor(element: HTMLElement, close: HTMLElement, client: PanelClient) {
    this.#element = element;
    this.#client = client;
    this.#log = new Log(client);
    const list = element.querySelector<HTMLElement>("[role=tablist]");
    if (!list) throw new Error("the inspector has no tabs");
    this.#tabs = tabs(list, (id) => this.#show(id));
    close.append(icon(kCross));
    close.addEventListener("click", () => this.close());
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** Shows a pane by its name; `opener` gets the focus back. */
  open(name: string, opener: HTMLElement): void {
    this.#opener = opener;
    this.#element.hidden = false;
    document.body.dataset.inspector = "open";
    this.#tabs.show(kPanes[name]?.id ?? "state");
    this.#element.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
  }

  close(): void {
    this.#end?.();
    this.#end = undefined;
    this.#element.hidden = true;
    delete document.body.dataset.inspector;
    this.#opener?.focus();
  }

  #show(id: string): void {
    this.#end?.();
    this.#end = undefined;
    const element = document.getElementById(id);
    const found = Object.values(kPanes).find((candidate) => candidate.id === id);
    if (this.#element.hidden || !element || !found) return;
    element.replaceChildren();
    this.#end = found.pane(element, this.#client, this.#log);
  }
}
