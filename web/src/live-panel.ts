import { batch, signal } from "@preact/signals-core";
import { Connection } from "./connection.ts";
import type { Panel } from "./context.ts";
import { handleEvent } from "./events.ts";
import type { Owner } from "./owner.ts";
import type { AstResponse, ServerMessage } from "./protocol.ts";
import { renderView } from "./render/node.ts";
import { Store } from "./store.ts";
import { toast } from "./toast.ts";
import { ViewCommands } from "./view-commands.ts";
import { Writes } from "./writes.ts";

/** What a live panel needs from the page around it. */
export interface LivePanelOptions {
  id: string;
  element: HTMLElement;
  /** Asks the server for the document; undefined when the panel is gone. */
  loadAst: () => Promise<AstResponse | undefined>;
  panelExists: () => Promise<boolean>;
  /** For the socket; undefined when the server asks for none. */
  ticket: () => Promise<string | undefined>;
  onTitle: (title: string) => void;
}

/** The address of a panel's socket: always the server that the page came from. */
export function socketUrl(id: string, page: Location): string {
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${page.host}/panels/${encodeURIComponent(id)}/ws?patches=json-patch`;
}

/** A panel that follows its server: loads the document, renders it, applies what comes over the socket. */
export class LivePanel {
  readonly connection: Connection;
  readonly running = signal(0);
  readonly #options: LivePanelOptions;
  readonly #store = new Store();
  readonly #writes: Writes;
  readonly #commands = new ViewCommands();
  #shown: { owner: Owner; document: string } | undefined;
  #epoch: string | undefined;

  constructor(options: LivePanelOptions) {
    this.#options = options;
    this.connection = new Connection(socketUrl(options.id, location), {
      onMessage: (message) => this.#receive(message),
      panelExists: options.panelExists,
      ticket: options.ticket,
    });
    this.#writes = new Writes(this.#store, this.connection);
  }

  /** Connects; the first snapshot brings the view with it. */
  open(): void {
    this.connection.open();
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "CONNECTED":
        this.#store.reset(message.state);
        this.#writes.confirm();
        this.#writes.resend();
        void this.#showDocument(message.epoch);
        return;
      case "PATCH":
        // One batch, so that taking a draft off and the value it became is one change.
        return batch(() => {
          this.#store.apply(message.patch);
          this.#writes.confirm();
        });
      case "EVENT":
        return handleEvent(message.event);
      case "VIEW":
        return message.commands.forEach((command) => this.#commands.run(command));
      case "ERROR":
        if (message.requestId !== undefined && this.#writes.refuse(message.requestId, message.message)) return;
        return toast(message.message, "error");
      default:
        return;
    }
  }

  // The document can only change with the panel's epoch: after a restart or a reload of its source.
  async #showDocument(epoch: string): Promise<void> {
    if (this.#shown && this.#epoch === epoch) return;
    this.#epoch = epoch;
    const response = await this.#options.loadAst();
    if (!response) return this.connection.close("the panel was removed");
    const document = JSON.stringify(response.ast);
    if (this.#shown?.document === document) return;
    this.#shown?.owner.dispose();
    const panel: Panel = {
      state: this.#store,
      writes: this.#writes,
      connection: this.connection,
      commands: this.#commands,
      running: this.running,
    };
    this.#options.onTitle(response.ast.meta.title);
    const owner = renderView(response.ast.view.root, panel, this.#options.element);
    this.#shown = { owner, document };
  }
}
