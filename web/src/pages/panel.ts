// The page /p/{id}: the frame around one live panel.

import { effect } from "@preact/signals-core";
import { loadAst, panelExists } from "../api.ts";
import type { ConnectionState } from "../connection.ts";
import { h, setText } from "../dom.ts";
import { LivePanel } from "../live-panel.ts";
import { SignInNeeded, socketTicket, takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";

const kTickMs = 250;

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element "${id}"`);
  return element;
}

function panelId(): string {
  return decodeURIComponent(location.pathname.replace(/^\/p\//, "").replace(/\/$/, ""));
}

/** What the header says about the connection. */
function describe(state: ConnectionState, now: number): string {
  switch (state.kind) {
    case "connecting":
      return "Connecting";
    case "live":
      return "Live";
    case "waiting": {
      const seconds = Math.ceil((state.retryAt - now) / 1000);
      return seconds > 0 ? `Reconnecting in ${seconds} s` : "Reconnecting";
    }
    case "offline":
      return "Offline";
    case "closed":
      return "Closed";
  }
}

function showConnection(panel: LivePanel): void {
  const status = byId("connection");
  const label = byId("connection-label");
  const view = byId("panel");
  const update = () => {
    const state = panel.connection.state.value;
    status.dataset.state = state.kind;
    view.dataset.stale = String(state.kind !== "live");
    setText(label, describe(state, Date.now()));
    if (state.kind === "closed") showNotice("This panel is closed", `${state.reason}.`);
  };
  effect(update);
  setInterval(update, kTickMs);
}

function showRuns(panel: LivePanel): void {
  const bar = byId("runs");
  effect(() => {
    bar.hidden = panel.running.value === 0;
  });
}

function showTitle(title: string): void {
  document.title = `${title} · Nexus`;
  setText(byId("title"), title);
}

function showNotice(title: string, text: string): void {
  const back = h("a", "nx-link", "All panels");
  back.href = "/";
  const notice = h("div", "nx-notice", h("h2", "nx-notice-title", title), h("p", "nx-notice-text", text), back);
  byId("notice").replaceChildren(notice);
}

function showUnknown(id: string): void {
  showTitle("No such panel");
  byId("panel").replaceChildren();
  byId("connection").hidden = true;
  showNotice("No such panel", `There is no panel with the id “${id}”. It may have been removed.`);
}

function showSignIn(): void {
  showTitle("Sign in");
  byId("panel").replaceChildren();
  byId("connection").hidden = true;
  byId("notice").replaceChildren(signInForm());
}

// The socket's next attempt needs a token that the server accepts: ask, once, and go on failing quietly.
async function ticketOrSignIn(id: string): Promise<string | undefined> {
  try {
    return await socketTicket(id);
  } catch (error) {
    if (error instanceof SignInNeeded && !document.getElementById("token")) showSignIn();
    throw error;
  }
}

async function start(): Promise<void> {
  takeTokenFromAddress();
  const id = panelId();
  if (!(await panelExists(id))) return showUnknown(id);
  const panel = new LivePanel({
    id,
    element: byId("panel"),
    loadAst: () => loadAst(id),
    panelExists: () => panelExists(id).catch(() => true),
    ticket: () => ticketOrSignIn(id),
    onTitle: showTitle,
  });
  showConnection(panel);
  showRuns(panel);
  panel.open();
}

start().catch((error: unknown) => {
  if (error instanceof SignInNeeded) return showSignIn();
  byId("panel").replaceChildren();
  byId("connection").hidden = true;
  showNotice("The panel could not be loaded", `${error instanceof Error ? error.message : String(error)}.`);
});
