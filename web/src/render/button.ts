import { h, setAttribute, setText, uniqueId } from "../dom.ts";
import { confirmModal } from "../events.ts";
import { type Trigger, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";

/** Button and Action: run a tool; show that it runs in place, and why it failed underneath. */
export const renderButton: Component = (_node, props, context) => {
  const label = h("span", "nx-button-label");
  const button = h("button", "nx-button", label, h("span", "nx-spinner"));
  button.type = "button";
  const message = h("p", "nx-field-error");
  message.id = uniqueId();
  message.setAttribute("role", "alert");
  const element = h("div", "nx-button-box", button, message);
  const trigger = triggerOf(props, context);
  const { owner } = context;
  owner.effect(() => setText(label, props.text("label", "Button")));
  owner.effect(() => {
    button.dataset.variant = props.choice("variant", ["primary", "secondary", "danger", "ghost"]);
  });
  owner.effect(() => {
    button.disabled = props.flag("disabled");
  });
  owner.effect(() => {
    setText(message, trigger?.failure.value ?? "");
    message.hidden = !message.textContent;
    setAttribute(button, "aria-describedby", message.hidden ? undefined : message.id);
  });
  if (trigger) {
    owner.effect(() => setAttribute(button, "aria-busy", trigger.pending.value ? "true" : undefined));
    owner.effect(() => {
      const calls = trigger.waitingFor.value;
      setAttribute(button, "title", calls === "" ? undefined : `Waiting for ${calls}`);
    });
    button.addEventListener("click", () => void press(trigger, String(props.now("confirm") ?? ""), label));
  }
  return { element };
};

async function press(trigger: Trigger, question: string, label: HTMLElement): Promise<void> {
  if (question !== "") {
    const text = question === "true" ? "This cannot be undone." : question;
    if (!(await confirmModal(text, label.textContent ?? "Continue"))) return;
  }
  await trigger.run();
}
