import { h, icon } from "./dom.ts";

const kCopyIcon = "M6 6h7v7H6zM3 10V3h7";
const kDoneIcon = "M3 8.5l3.5 3.5L13 5";
const kDoneShownMs = 1500;

/** A button that copies what `read` gives, and shows that it did. */
export function copyButton(read: () => string, label = "Copy"): HTMLButtonElement {
  const button = h("button", "nx-tool", icon(kCopyIcon));
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(read());
    } catch {
      return; // Without the permission the text can still be selected by hand.
    }
    button.replaceChildren(icon(kDoneIcon));
    setTimeout(() => button.replaceChildren(icon(kCopyIcon)), kDoneShownMs);
  });
  return button;
}
