// The page /p/{id}: the frame around one live panel.

import { effect } from "@preact/signals-core";
import { describeConnection, followConnection } from "../banner.ts";
import type { PanelClient } from "../client.ts";
import type { ConnectionState } from "../connection.ts";
import { h, icon, setText } from "../dom.ts";
import { defineNexusPanel } from "../element.ts";
import { storedToken, takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";
import { Toasts } from "../toast.ts";
import { showFault } from "./faults.ts";
import { Inspector } from "./inspector/inspector.ts";
import { loadSource } from "./inspector/source-pane.ts";
import { linkTo } from "./play/share.ts";
import { themeButton } from "./theme-button.ts";
import { applyTheme } from "./theme.ts";

const kDots = "M2.75 8h.5M7.75 8h.5M12.75 8h.5";

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

// There is no such panel; perhaps its document does not load.
async function explain(id: string, back: HTMLElement): Promise<void> {
  showTitle("No such panel");
  const place = h("div");
  const isFault = await showFault(place, id, () => location.reload()).catch(() => false);
  if (!isFault) return;
  showTitle(id);
  byId("panel").hidden = byId("tools").hidden = true;
  byId("notice").replaceChildren(place, h("div", "nx-notice", back));
}

function showClosed(state: ConnectionState & { kind: "closed" }, client: PanelClient): void {
  const back = h("a", "nx-link", "All panels");
  back.href = "/";
  const notice = byId("notice");
  if (state.code === "UNAUTHORIZED") {
    showTitle("Sign in");
    byId("panel").hidden = true;
    notice.replaceChildren(signInForm());
  } else if (state.code === "REMOVED") {
    notice.replaceChildren(h("div", "nx-notice", back));
    if (byId("title").textContent === "") void explain(client.id, back);
  }
}

async function copyAddress(toasts: Toasts): Promise<void> {
  const address = location.origin + location.pathname;
  try {
    await navigator.clipboard.writeText(address);
    toasts.show("The link to this panel is copied.", "success");
  } catch {
    toasts.show(`The browser did not let it be copied: ${address}`, "warn");
  }
}

async function openCopy(client: PanelClient, toasts: Toasts): Promise<void> {
  try {
    const link = await linkTo(await loadSource(client));
    if (link === undefined) toasts.show("The document is too long for a link; it is under Source.", "warn");
    else location.assign(link);
  } catch (error) {
    toasts.show(`The source could not be loaded: ${error instanceof Error ? error.message : String(error)}.`, "error");
  }
}

function offerTools(client: PanelClient): void {
  const toasts = new Toasts(document.body);
  const menu = byId("menu");
  const button = byId("menu-button");
  button.append(icon(kDots));
  byId("tools").hidden = false;
  const inspector = new Inspector(byId("inspector"), byId("close"), client);
  for (const item of menu.querySelectorAll<HTMLElement>("button")) item.addEventListener("click", () => menu.hidePopover());
  for (const item of menu.querySelectorAll<HTMLElement>("[data-inspect]"))
    item.addEventListener("click", () => inspector.open(item.dataset.inspect ?? "", button));
  byId("share").addEventListener("click", () => void copyAddress(toasts));
  byId("copy").addEventListener("click", () => void openCopy(client, toasts));
}

takeTokenFromAddress();
themeButton(byId("theme") as HTMLButtonElement);
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
  if (state.kind === "closed" && panel.client) showClosed(state, panel.client);
});
byId("place").replaceWith(panel);
applyTheme();
if (panel.client) {
  const { client } = panel;
  showRuns(client);
  offerTools(client);
  followConnection(client.connection.state, showConnection);
}
