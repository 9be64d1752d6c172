import { h, setAttribute, setText, uniqueId } from "../dom.ts";
import { confirmDialog } from "../dialog.ts";
import { type Progress, type Trigger, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";

/**
 * Button and Action: run a tool; show in place that it runs, what it waits for and how many clicks wait behind it, and
 * underneath why it failed.
 */
export const renderButton: Component = (_node, props, context) => {
  const label = h("span", "nx-button-label");
  const queued = h("span", "nx-button-queued");
  queued.hidden = true;
  const button = h("button", "nx-button", label, h("span", "nx-spinner"), queued);
  button.type = "button";
  const message = h("p", "nx-field-error");
  message.id = uniqueId();
  message.setAttribute("role", "alert");
  const element = h("div", "nx-button-box", button, message);
  const trigger = triggerOf(props, context);
  const { owner, panel } = context;
  owner.effect(() => setText(label, props.text("label", "Button")));
  owner.effect(() => {
    button.dataset.variant = props.choice("variant", ["primary", "secondary", "danger", "ghost"]);
  });
  // Not `disabled`: a button that disables itself while it works would lose the keyboard's focus.
  owner.effect(() => setAttribute(button, "aria-disabled", props.flag("disabled") ? "true" : undefined));
  owner.effect(() => {
    setText(message, trigger?.failure.value ?? "");
    message.hidden = !message.textContent;
    setAttribute(button, "aria-describedby", message.hidden ? undefined : message.id);
  });
  if (!trigger) return { element };
  owner.effect(() => setAttribute(button, "aria-busy", trigger.pending.value ? "true" : undefined));
  owner.effect(() => {
    const waiting = trigger.queued.value;
    setText(queued, waiting > 0 ? `+${waiting}` : "");
    queued.hidden = waiting === 0;
    queued.title = waiting > 0 ? `${waiting} more to run` : "";
  });
  const progress = progressBar(button);
  owner.effect(() => progress(trigger.progress.value));
  button.addEventListener("click", () => {
    if (button.ariaDisabled === "true") return;
    void press(trigger, String(props.now("confirm") ?? ""), label, panel.surface.root);
  });
  return { element };
};

// A bar along the button's lower edge while its run waits for something outside.
function progressBar(button: HTMLButtonElement): (progress: Progress | undefined) => void {
  const bar = h("span", "nx-progress");
  bar.setAttribute("role", "progressbar");
  return (progress) => {
    if (!progress) return bar.remove();
    const percent = progress.share === undefined ? undefined : String(Math.round(progress.share * 100));
    bar.setAttribute("aria-label", `Waiting for ${progress.waitsFor}`);
    bar.title = `Waiting for ${progress.waitsFor}`;
    setAttribute(bar, "aria-valuenow", percent);
    bar.style.setProperty("--nx-share", `${percent ?? 0}%`);
    if (!bar.isConnected) button.after(bar);
  };
}

async function press(trigger: Trigger, question: string, label: HTMLElement, root: ParentNode): Promise<void> {
  if (question !== "" && question !== "false") {
    const text = question === "true" ? "This cannot be undone." : question;
    if (!(await confirmDialog(root, text, label.textContent ?? "Continue"))) return;
  }
  trigger.run();
}
