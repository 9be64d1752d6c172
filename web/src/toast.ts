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

export interface ToastAction {
  label: string;
  run: () => void;
}

// The stacks of all panels of the page that show something: each stands on top of those before it.
const kStacks = new Set<HTMLElement>();

function arrange(): void {
  let bottom = 0;
  for (const stack of kStacks) {
    stack.style.setProperty("--nx-stack-bottom", `${bottom}px`);
    bottom += stack.offsetHeight;
  }
}

/** The messages of one panel, or of a page: a live region in the browser's top layer. */
export class Toasts {
  readonly #root: ParentNode;
  readonly #region = h("div", "nx-toasts");

  constructor(root: ParentNode) {
    this.#root = root;
    this.#region.setAttribute("role", "status");
    this.#region.setAttribute("aria-live", "polite");
    this.#region.popover = "manual";
  }

  /** Shows a message for a few seconds; one with an action stays until it is used or dismissed. */
  show(message: string, level: Level = "info", action?: ToastAction): void {
    if (!this.#region.isConnected) this.#root.append(this.#region);
    const close = h("button", "nx-toast-close", icon(kCross));
    close.type = "button";
    close.setAttribute("aria-label", "Dismiss");
    const item = h("div", "nx-toast", icon(kMarks[level]), h("span", "nx-toast-text", message.slice(0, kMaxMessage)));
    item.dataset.level = level;
    if (action) item.append(this.#actionButton(action, item));
    item.append(close);
    close.addEventListener("click", () => this.#remove(item));
    this.#region.append(item);
    // Raised again each time, so that a dialog that opened since does not cover it.
    if (this.#region.matches(":popover-open")) this.#region.hidePopover();
    this.#region.showPopover();
    kStacks.add(this.#region);
    while (this.#region.childElementCount > kMaxToasts) this.#region.firstElementChild?.remove();
    arrange();
    if (!action) this.#dismissLater(item);
  }

  clear(): void {
    this.#region.replaceChildren();
    this.#region.remove();
    kStacks.delete(this.#region);
    arrange();
  }

  #actionButton(action: ToastAction, item: HTMLElement): HTMLButtonElement {
    const button = h("button", "nx-toast-action", action.label);
    button.type = "button";
    button.addEventListener("click", () => {
      this.#remove(item);
      action.run();
    });
    return button;
  }

  #remove(item: HTMLElement): void {
    item.remove();
    if (this.#region.childElementCount === 0) {
      if (this.#region.matches(":popover-open")) this.#region.hidePopover();
      kStacks.delete(this.#region);
    }
    arrange();
  }

  // A toast stays while it is read: under the pointer or with the focus inside.
  #dismissLater(item: HTMLElement): void {
    setTimeout(() => {
      if (item.matches(":hover, :focus-within")) this.#dismissLater(item);
      else this.#remove(item);
    }, kShownMs);
  }
}
