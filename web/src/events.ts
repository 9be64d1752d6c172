// What a panel does by itself when a handler emits one of the standard events.

import { showDialog } from "./dialog.ts";
import type { Json, PanelEvent } from "./protocol.ts";
import { showSource } from "./source-notice.ts";
import type { Level, Toasts } from "./toast.ts";

/** The places on the page where a panel may show something outside of its view. */
export interface Surface {
  /** What dialogs are added to. */
  readonly root: ParentNode;
  readonly toasts: Toasts;
  /** Whether who looks at the page is the panel's author, who wants to know where things are in the document. */
  readonly dev: boolean;
}

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
function offerNavigation(payload: Json, { toasts }: Surface): void {
  const text = typeof payload === "string" ? payload : field(payload, "url", "href", "to");
  const url = text === undefined ? undefined : safeAddress(text, location.href);
  if (!url) return toasts.show("The panel asked for an address that is not allowed.", "warn");
  toasts.show(`The panel wants to open ${url.origin === location.origin ? url.pathname : url.host}`, "info", {
    label: "Open",
    run: () => location.assign(url),
  });
}

// One at a time: a panel that emits a hundred shows the last.
function showModal(payload: Json, { root }: Surface): void {
  root.querySelector("dialog[data-from=panel]")?.remove();
  const text = field(payload, "message", "text", "content") ?? messageOf(payload);
  const actions = [{ label: "Close", value: "" }];
  showDialog(root, { title: field(payload, "title") ?? "Notice", text, actions }).dataset.from = "panel";
}

/** Carries out one of the standard events; others are for programs that listen to the panel. */
export function handleEvent({ name, payload }: PanelEvent, surface: Surface): void {
  switch (name) {
    case "toast":
      return surface.toasts.show(messageOf(payload), levelOf(payload));
    case "system:error":
      return surface.toasts.show(messageOf(payload), "error");
    case "system:reload":
      return showSource(payload, surface);
    case "modal":
      return showModal(payload, surface);
    case "navigate":
      return offerNavigation(payload, surface);
    default:
      return;
  }
}
