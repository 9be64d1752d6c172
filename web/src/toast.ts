import { h, icon } from "./dom.ts";

export type Level = "success" | "info" | "warn" | "error";

const kShownMs = 6000;
const kMaxToasts = 5;
const kMaxMessage = 500;
const kCross = "M4 4l8 8M12 4l-8 8";
const kMarks: Record<Level, string> = {
  success: "M3 8.5l3.5 3.5L13 5",
  info: "M8 7v5M8 4v.5",
  warn: "M8 3v6M8 12v.5",
  error: kCross,
};

let region: HTMLElement | undefined;

function regionElement(): HTMLElement {
  if (!region) {
    region = h("div", "nx-toasts");
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
  }
  return region;
}

export interface ToastAction {
  label: string;
  run: () => void;
}

/** Shows a message for a few seconds; one with an action stays until it is used or dismissed. */
export function toast(message: string, level: Level = "info", action?: ToastAction): void {
  const close = h("button", "nx-toast-close", icon(kCross));
  close.type = "button";
  close.setAttribute("aria-label", "Dismiss");
  const item = h("div", "nx-toast", icon(kMarks[level]), h("span", "nx-toast-text", message.slice(0, kMaxMessage)));
  item.dataset.level = level;
  if (action) item.append(actionButton(action, item));
  item.append(close);
  close.addEventListener("click", () => item.remove());
  const list = regionElement();
  list.append(item);
  while (list.children.length > kMaxToasts) list.firstElementChild?.remove();
  if (!action) dismissLater(item);
}

function actionButton(action: ToastAction, item: HTMLElement): HTMLButtonElement {
  const button = h("button", "nx-toast-action", action.label);
  button.type = "button";
  button.addEventListener("click", () => {
    item.remove();
    action.run();
  });
  return button;
}

// A toast stays while it is read: under the pointer or with the focus inside.
function dismissLater(item: HTMLElement): void {
  setTimeout(() => {
    if (item.matches(":hover, :focus-within")) dismissLater(item);
    else item.remove();
  }, kShownMs);
}
