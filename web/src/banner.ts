import { effect, type ReadonlySignal } from "@preact/signals-core";
import type { ConnectionState } from "./connection.ts";
import { h, setText } from "./dom.ts";

const kTickMs = 250;

/** What people read about the state of the connection; `now` in milliseconds since the epoch. */
export function describeConnection(state: ConnectionState, now: number): string {
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

/**
 * Calls `show` now, after each change of the connection, and while a pause before the next attempt runs down; a page that is
 * connected is left alone. Returns how to end it.
 */
export function followConnection(state: ReadonlySignal<ConnectionState>, show: (state: ConnectionState) => void): () => void {
  return effect(() => {
    const current = state.value;
    show(current);
    const timer = current.kind === "waiting" ? setInterval(() => show(current), kTickMs) : undefined;
    return () => clearInterval(timer);
  });
}

/**
 * The note that floats over a panel while it has no connection: since when what is shown may be old, and a way to try at
 * once. It takes no room, so nothing moves when it comes and goes. Returns its element and how to end it.
 */
export function connectionBanner(
  state: ReadonlySignal<ConnectionState>,
  retryNow: () => void,
): { element: HTMLElement; dispose: () => void } {
  const text = h("span", "nx-banner-text");
  const retry = h("button", "nx-banner-retry", "Retry now");
  retry.type = "button";
  retry.addEventListener("click", retryNow);
  const note = h("div", "nx-banner", h("span", "nx-banner-dot"), text, retry);
  const element = h("div", "nx-banner-place", note);
  // The seconds are for the eye; a screen reader hears each state once.
  const spoken = h("span", "nx-hidden");
  spoken.setAttribute("role", "status");
  text.setAttribute("aria-hidden", "true");
  note.append(spoken);
  // Connecting for the first time is no trouble yet.
  let troubled = false;
  let wasLive = false;
  const show = (current: ConnectionState) => {
    wasLive ||= current.kind === "live";
    if (current.kind !== "connecting") troubled = current.kind === "waiting" || current.kind === "offline";
    else if (wasLive) troubled = true;
    note.dataset.shown = String(troubled);
    retry.hidden = current.kind !== "waiting";
    if (!troubled) return setText(spoken, "");
    const kept = wasLive ? " What you type is kept." : " The server cannot be reached.";
    setText(text, `${describeConnection(current, Date.now())}.${kept}`);
    setText(spoken, current.kind === "offline" ? "Offline" : "Connection lost, reconnecting");
  };
  const end = followConnection(state, show);
  return {
    element,
    dispose: () => {
      end();
      element.remove();
    },
  };
}
