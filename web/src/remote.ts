// One panel on its server: where it is, and the HTTP calls about it.

import type { Approval, AstResponse, PanelList } from "./protocol.ts";

/** A token, or what gives one each time it is asked: a token that expires needs a fresh one for every connection. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** The server wants a token, or another one. */
export class SignInNeeded extends Error {}

export interface PanelAddress {
  /** The server's address without a slash at its end, such as https://panels.example.org or https://example.org/nexus. */
  base: string;
  id: string;
}

/**
 * The address that `src` means on a page at `page`: of a panel (`/panels/counter`) or of its page (`/p/counter`), absolute
 * or relative. Throws when it is neither.
 */
export function panelAddress(src: string, page: string): PanelAddress {
  const url = URL.canParse(src, page) ? new URL(src, page) : undefined;
  const parts = /^(.*)\/(?:panels|p)\/([^/]+)\/?$/.exec(url?.pathname ?? "");
  if (!url || !parts || !/^https?:$/.test(url.protocol))
    throw new Error(`"${src}" is no address of a panel, which ends in /panels/ID or /p/ID`);
  return { base: url.origin + parts[1], id: decodeURIComponent(parts[2] ?? "") };
}

/** fetch() with the token. Rejects with SignInNeeded when the server does not accept it, or the lack of one. */
export async function authorizedFetch(url: string, token: string | undefined, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(url, { ...init, headers, credentials: "omit" });
  if (response.status === 401) throw new SignInNeeded("the server asks for a token");
  return response;
}

/** The HTTP calls about one panel. They reject when the server cannot be reached or refuses. */
export class Remote {
  readonly address: PanelAddress;
  readonly #token: TokenSource | undefined;

  constructor(address: PanelAddress, token?: TokenSource) {
    this.address = address;
    this.#token = token;
  }

  /** Where the panel's socket is. */
  get socketUrl(): string {
    const { base, id } = this.address;
    return `${base.replace(/^http/, "ws")}/panels/${encodeURIComponent(id)}/ws?patches=json-patch`;
  }

  /** A request below the panel's own address; `path` starts with a slash. */
  call(path: string, init?: RequestInit): Promise<Response> {
    return this.#fetch(`/panels/${encodeURIComponent(this.address.id)}${path}`, init);
  }

  /** The panel's document; undefined when there is no such panel. */
  async loadAst(): Promise<AstResponse | undefined> {
    const response = await this.call("/ast");
    return response.status === 404 ? undefined : json<AstResponse>(response);
  }

  /** Whether the panel exists. Asks the list, because a browser reports every 404 in its console. */
  async exists(): Promise<boolean> {
    const { id } = this.address;
    const list = await json<PanelList>(await this.#fetch(`/panels?id=${encodeURIComponent(id)}`));
    return list.panels.some((panel) => panel.id === id);
  }

  /** A ticket for one socket of the panel: sockets cannot send the token in a header. Undefined without a token. */
  async ticket(): Promise<string | undefined> {
    if ((await this.#currentToken()) === undefined) return undefined;
    const body = JSON.stringify({ panel: this.address.id });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    return (await json<{ ticket: string }>(await this.#fetch("/auth/ws-ticket", init))).ticket;
  }

  /** The questions of this panel that wait for a decision, oldest first. */
  async approvals(): Promise<Approval[]> {
    return (await json<{ approvals: Approval[] }>(await this.call("/approvals"))).approvals;
  }

  /** Decides one of them. Rejects with the server's reason when it may not be, or is no longer to be, decided here. */
  async decide(approval: string, approved: boolean, comment: string): Promise<void> {
    const body = JSON.stringify({ approved, ...(comment === "" ? {} : { comment }) });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const response = await this.call(`/approvals/${encodeURIComponent(approval)}`, init);
    if (response.ok) return;
    const answer = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
    throw new Error(answer?.error?.message ?? `the server answered ${response.status}`);
  }

  async #fetch(path: string, init?: RequestInit): Promise<Response> {
    return authorizedFetch(this.address.base + path, await this.#currentToken(), init);
  }

  async #currentToken(): Promise<string | undefined> {
    return typeof this.#token === "function" ? this.#token() : this.#token;
  }
}

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`the server answered ${response.status} to ${new URL(response.url).pathname}`);
  return (await response.json()) as T;
}
