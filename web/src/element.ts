import { untracked } from "@preact/signals-core";
import { approvalCards } from "./approvals.ts";
import { PanelClient } from "./client.ts";
import { connectionBanner } from "./banner.ts";
import type { ConnectionState } from "./connection.ts";
import { h } from "./dom.ts";
import { LivePanel } from "./live-panel.ts";
import { Owner } from "./owner.ts";
import type { Json, PanelEvent } from "./protocol.ts";
import type { TokenSource } from "./remote.ts";
import styles from "./styles/reactor.css";
import { Toasts } from "./toast.ts";

const kLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.+\.localhost)$/;

let sheet: CSSStyleSheet | undefined;
/** The looks of panels, for their shadow roots. @internal */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
  }
  return sheet;
}

// Programs without a document, such as a server that renders React, may import this module.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** What `nexus-panel` tells the page; each bubbles. */
export interface NexusPanelEvents {
  /** The panel's document is there, or another one. */
  "nexus-document": CustomEvent<{ title: string; description: string | undefined }>;
  "nexus-connection": CustomEvent<ConnectionState>;
  /** A handler emitted an event. preventDefault() keeps the element from showing a toast, modal or navigation. */
  "nexus-event": CustomEvent<PanelEvent>;
}

/**
 * `<nexus-panel src token>`: a live panel, in any page. Attributes: `src`, the panel's address; `token`; `theme`, light or
 * dark; `dev`, whether mistakes are shown with their place in the document (by default on a server of this machine).
 */
export class NexusPanelElement extends Base {
  static readonly observedAttributes = ["src", "token", "dev"];
  #token: TokenSource | undefined;
  #client: PanelClient | undefined;
  #owner: Owner | undefined;
  #restartAsked = false;

  get src(): string {
    return this.getAttribute("src") ?? "";
  }
  set src(value: string) {
    this.setAttribute("src", value);
  }

  /** The token, or what gives one; kept out of the document, unlike the attribute. */
  get token(): TokenSource | undefined {
    return this.#token ?? this.getAttribute("token") ?? undefined;
  }
  set token(value: TokenSource | undefined) {
    if (value === this.#token) return;
    this.#token = value;
    this.#restart();
  }

  /** The panel behind the view: state, tools, events. Undefined while the element is in no document or has no `src`. */
  get client(): PanelClient | undefined {
    return this.#client;
  }

  /** As PanelClient.state. */
  get state(): Readonly<Record<string, Json>> {
    return this.#client?.state ?? {};
  }

  /** As PanelClient.trigger(). */
  trigger(tool: string, args?: Json): Promise<Json | undefined> {
    return this.#client?.trigger(tool, args) ?? Promise.reject(new Error("the element shows no panel"));
  }

  connectedCallback(): void {
    this.#adoptProperties();
    if (!this.#owner) this.#start();
  }

  // What a page set before this script was there lies over the element's own properties.
  #adoptProperties(): void {
    for (const name of ["token", "src"] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const { [name]: value } = this;
      delete (this as Partial<NexusPanelElement>)[name];
      Object.assign(this, { [name]: value });
    }
  }

  // Moved within the page it comes back in the same task, and goes on as if nothing had happened.
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#stop();
    });
  }

  connectedMoveCallback(): void {}

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.#restart();
  }

  // Once for all attributes that change together.
  #restart(): void {
    if (!this.#owner || this.#restartAsked) return;
    this.#restartAsked = true;
    queueMicrotask(() => {
      this.#restartAsked = false;
      if (!this.isConnected) return;
      this.#stop();
      this.#start();
    });
  }

  #stop(): void {
    this.#owner?.dispose();
    this.#owner = undefined;
    this.#client?.close();
    this.#client = undefined;
  }

  #start(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styleSheet()];
    const owner = new Owner();
    this.#owner = owner;
    const notice = h("div");
    const view = h("div", "nx-panel");
    root.replaceChildren(h("div", "nx-frame", notice, view));
    if (this.src === "") return;
    try {
      this.#client = new PanelClient(this.src, { token: this.token });
    } catch (error) {
      notice.replaceChildren(noticeOf("No panel to show", error instanceof Error ? error.message : String(error)));
      return;
    }
    this.#show(this.#client, root, view, notice, owner);
  }

  #show(client: PanelClient, root: ShadowRoot, view: HTMLElement, notice: HTMLElement, owner: Owner): void {
    const toasts = new Toasts(root);
    owner.onDispose(() => toasts.clear());
    const banner = connectionBanner(client.connection.state, () => client.retryNow());
    view.before(banner.element);
    owner.onDispose(banner.dispose);
    const surface = { root, toasts, dev: this.#isDev(client) };
    const live = new LivePanel(client, view, surface, (event) => this.#dispatch("nexus-event", event));
    owner.onDispose(() => live.dispose());
    view.after(approvalCards(client, surface, owner));
    owner.effect(() => {
      const meta = client.document.value?.meta;
      if (meta) this.#dispatch("nexus-document", { title: meta.title, description: meta.description });
    });
    owner.effect(() => {
      const state = client.connection.state.value;
      view.dataset.stale = String(state.kind !== "live");
      view.inert = state.kind === "closed";
      notice.replaceChildren();
      if (state.kind === "closed") showClosed(state, client, view, notice);
      this.#dispatch("nexus-connection", state);
    });
  }

  #isDev(client: PanelClient): boolean {
    const attribute = this.getAttribute("dev");
    if (attribute !== null) return attribute !== "false";
    return kLoopback.test(new URL(client.remote.address.base).hostname);
  }

  // What a listener of the page reads is no reason to tell it again.
  #dispatch<K extends keyof NexusPanelEvents>(name: K, detail: NexusPanelEvents[K]["detail"]): boolean {
    const event = new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true });
    return untracked(() => this.dispatchEvent(event));
  }
}

function showClosed(
  { code, reason }: ConnectionState & { kind: "closed" },
  client: PanelClient,
  view: HTMLElement,
  notice: HTMLElement,
): void {
  const never = client.document.peek() === undefined;
  if (never) view.replaceChildren();
  if (code === "UNAUTHORIZED") notice.replaceChildren(noticeOf("Sign in to see this panel", `${reason}.`));
  else if (code === "REMOVED" && never)
    notice.replaceChildren(
      noticeOf("No such panel", `There is no panel with the id “${client.id}”. It may have been removed.`),
    );
  else if (code === "REMOVED") notice.replaceChildren(noticeOf("This panel is closed", `${reason}.`));
}

function noticeOf(title: string, text: string): HTMLElement {
  return h("div", "nx-notice", h("h2", "nx-notice-title", title), h("p", "nx-notice-text", text));
}

/** Defines the element; done when the module is loaded in a page. */
export function defineNexusPanel(): void {
  if (globalThis.customElements && !customElements.get("nexus-panel"))
    customElements.define("nexus-panel", NexusPanelElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "nexus-panel": NexusPanelElement;
  }
}
