// The page /p/{id}: the frame around one live panel.

import { effect } from "@preact/signals-core";
import { describeConnection } from "../banner.ts";
import type { PanelClient } from "../client.ts";
import type { ConnectionState } from "../connection.ts";
import { h, setText } from "../dom.ts";
import { defineNexusPanel } from "../element.ts";
import { storedToken, takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";

const kTickMs = 250;

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element "${id}"`);
  return element;
}

function showConnection(state: ConnectionState): void {
  const status = byId("connection");
  status.dataset.state = state.kind;
  status.hidden = state.kind === "closed" && state.code === "UNAUTHORIZED";
  setText(byId("connection-label"), describeConnection(state, Date.now()));
}

function showRuns({ running }: PanelClient): void {
  const bar = byId("runs");
  effect(() => {
    bar.hidden = running.value === 0;
  });
}

function showTitle(title: string): void {
  document.title = `${title} · Nexus`;
  setText(byId("title"), title);
}

function showClosed(state: ConnectionState & { kind: "closed" }): void {
  const back = h("a", "nx-link", "All panels");
  back.href = "/";
  const notice = byId("notice");
  if (state.code === "UNAUTHORIZED") {
    showTitle("Sign in");
    byId("panel").hidden = true;
    notice.replaceChildren(signInForm());
  } else if (state.code === "REMOVED") {
    if (byId("title").textContent === "") showTitle("No such panel");
    notice.replaceChildren(h("div", "nx-notice", back));
  }
}

takeTokenFromAddress();
defineNexusPanel();
const panel = document.createElement("nexus-panel");
panel.id = "panel";
panel.token = storedToken;
panel.src = location.pathname;
panel.addEventListener("nexus-document", (event) => {
  showTitle((event as CustomEvent<{ title: string }>).detail.title);
});
panel.addEventListener("nexus-connection", (event) => {
  const state = (event as CustomEvent<ConnectionState>).detail;
  showConnection(state);
  if (state.kind === "closed") showClosed(state);
});
byId("place").replaceWith(panel);
if (panel.client) {
  const { client } = panel;
  showRuns(client);
  setInterval(() => showConnection(client.status), kTickMs);
}
