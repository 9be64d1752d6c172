// What a page does when a handler emits one of the standard events.

import { h } from "./dom.ts";
import type { Json, PanelEvent } from "./protocol.ts";
import { type Level, toast } from "./toast.ts";

function field(payload: Json, ...names: string[]): string | undefined {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return undefined;
  for (const name of names) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  return undefined;
}

function messageOf(payload: Json): string {
  if (typeof payload === "string") return payload;
  return field(payload, "message", "text", "title") ?? JSON.stringify(payload);
}

/** The levels of both toast dialects, `{type,message}` and `{message,level}`. */
export function levelOf(payload: Json): Level {
  switch (field(payload, "type", "level")) {
    case "success":
      return "success";
    case "warn":
    case "warning":
      return "warn";
    case "error":
      return "error";
    default:
      return "info";
  }
}

/** The address a panel may send its user to: http, https and places on this server; else undefined. */
export function safeAddress(text: string, base: string): URL | undefined {
  try {
    const url = new URL(text, base);
    return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
  } catch {
    return undefined;
  }
}

// A panel never takes the page away by itself: the user sees where it leads and decides.
function offerNavigation(payload: Json): void {
  const text = typeof payload === "string" ? payload : field(payload, "url", "href", "to");
  const url = text === undefined ? undefined : safeAddress(text, location.href);
  if (!url) return toast("The panel asked for an address that is not allowed.", "warn");
  toast(`The panel wants to open ${url.origin === location.origin ? url.pathname : url.host}`, "info", {
    label: "Open",
    run: () => location.assign(url),
  });
}

/** A dialog of the panel's; the browser's own modal keeps the focus inside and gives it back. */
export function showModal(title: string, message: string): HTMLDialogElement {
  const close = h("button", "nx-button", "Close");
  close.type = "submit";
  const form = h("form", "nx-dialog-actions", close);
  form.method = "dialog";
  const dialog = h("dialog", "nx-dialog", h("h2", "nx-dialog-title", title), h("p", "nx-dialog-text", message), form);
  dialog.setAttribute("aria-label", title);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that cannot be undone. */
export function confirmModal(question: string, action: string): Promise<boolean> {
  const dialog = showModal(action, question);
  const form = dialog.querySelector("form");
  const go = h("button", "nx-button", action);
  go.dataset.variant = "danger";
  go.value = "go";
  const cancel = form?.querySelector("button");
  if (cancel) {
    cancel.textContent = "Cancel";
    cancel.dataset.variant = "secondary";
  }
  form?.append(go);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "go"));
  });
}

// One at a time: a panel that emits a hundred shows the last.
function showPanelModal(payload: Json): void {
  document.querySelector("dialog[data-from=panel]")?.remove();
  const message = field(payload, "message", "text", "content") ?? messageOf(payload);
  showModal(field(payload, "title") ?? "Notice", message).dataset.from = "panel";
}

/** Carries out one of the standard events; others are for programs that listen to the panel. */
export function handleEvent({ name, payload }: PanelEvent): void {
  switch (name) {
    case "toast":
      return toast(messageOf(payload), levelOf(payload));
    case "system:error":
      return toast(messageOf(payload), "error");
    case "modal":
      return showPanelModal(payload);
    case "navigate":
      return offerNavigation(payload);
    default:
      return;
  }
}
