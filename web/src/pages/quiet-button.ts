import { h } from "../dom.ts";

/** A button that is not what the page is for. */
export function quietButton(text: string, press: () => void): HTMLButtonElement {
  const button = h("button", "nx-button", text);
  button.type = "button";
  button.dataset.variant = "secondary";
  button.addEventListener("click", press);
  return button;
}
