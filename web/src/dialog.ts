import { h } from "./dom.ts";

export interface DialogContent {
  title: string;
  text?: string;
  /** Buttons from first to last; the value is what the dialog is closed with. */
  actions: readonly { label: string; value: string; variant?: "primary" | "secondary" | "danger" }[];
}

/** Shows a dialog; the browser's own modal keeps the focus inside and gives it back. */
export function showDialog(root: ParentNode, { title, text = "", actions }: DialogContent): HTMLDialogElement {
  const form = h("form", "nx-dialog-actions");
  form.method = "dialog";
  for (const { label, value, variant = "primary" } of actions) {
    const button = h("button", "nx-button", h("span", "nx-button-label", label));
    button.value = value;
    button.dataset.variant = variant;
    form.append(button);
  }
  const dialog = h("dialog", "nx-dialog", h("h2", "nx-dialog-title", title), h("p", "nx-dialog-text", text), form);
  dialog.setAttribute("aria-label", title);
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that cannot be undone. */
export function confirmDialog(root: ParentNode, question: string, action: string): Promise<boolean> {
  const actions = [
    { label: "Cancel", value: "", variant: "secondary" },
    { label: action, value: "go", variant: "danger" },
  ] as const;
  const dialog = showDialog(root, { title: action, text: question, actions });
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "go"));
  });
}
