import type { PanelClient } from "./client.ts";
import type { Panel } from "./context.ts";
import { h } from "./dom.ts";
import { handleEvent, type Surface } from "./events.ts";
import { Owner } from "./owner.ts";
import type { PanelEvent } from "./protocol.ts";
import { renderView } from "./render/node.ts";
import { ViewCommands } from "./view-commands.ts";

const kSkeletons = 3;

/** The view of one panel: renders its document into `parent` and carries out what its handlers ask of the page. */
export class LivePanel {
  readonly #owner = new Owner();
  #view: Owner | undefined;

  /** `onEvent` may take an event over by returning false. */
  constructor(client: PanelClient, parent: HTMLElement, surface: Surface, onEvent: (event: PanelEvent) => boolean) {
    const commands = new ViewCommands();
    const panel: Panel = { client, state: client.store, writes: client.writes, commands, surface };
    parent.replaceChildren(...Array.from({ length: kSkeletons }, skeleton));
    this.#owner.effect(() => {
      const root = client.document.value?.view.root;
      if (!root) return;
      this.#view?.dispose();
      this.#view = renderView(root, panel, parent);
    });
    this.#owner.onDispose(() => this.#view?.dispose());
    this.#owner.onDispose(client.onCommand((command) => commands.run(command)));
    this.#owner.onDispose(client.onError((message) => surface.toasts.show(message, "error")));
    this.#owner.onDispose(
      client.on("*", (_payload, event) => {
        if (onEvent(event)) handleEvent(event, surface);
      }),
    );
  }

  dispose(): void {
    this.#owner.dispose();
  }
}

function skeleton(): HTMLElement {
  const element = h("div", "nx-skeleton");
  element.setAttribute("aria-hidden", "true");
  return element;
}
