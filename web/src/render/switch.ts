import { h, setAttribute, setText, uniqueId } from "../dom.ts";
import { toastFailures, triggerOf } from "../trigger.ts";
import { boundTo } from "./bound.ts";
import type { Component } from "./node.ts";

/** Switch: a checkbox that changes at once and goes back with a message when the write is refused. */
export const renderSwitch: Component = (_node, props, context) => {
  const box = h("input", "nx-switch-box");
  box.type = "checkbox";
  box.setAttribute("role", "switch");
  const text = h("span", "nx-switch-label");
  const message = h("p", "nx-field-error");
  message.id = uniqueId();
  message.setAttribute("role", "alert");
  const element = h("div", "nx-field", h("label", "nx-switch", box, h("span", "nx-switch-track"), text), message);
  const bound = boundTo(props, context);
  const trigger = triggerOf(props, context);
  const { owner } = context;
  owner.effect(() => {
    setText(text, props.text("label"));
    setAttribute(box, "aria-label", text.textContent ? undefined : (bound?.name ?? "switch"));
  });
  owner.effect(() => {
    box.checked = Boolean(bound?.read());
  });
  owner.effect(() => {
    box.disabled = props.flag("disabled") || !bound?.writable();
  });
  owner.effect(() => {
    setText(message, bound?.refusal.value ?? "");
    message.hidden = !message.textContent;
    setAttribute(box, "aria-describedby", message.hidden ? undefined : message.id);
  });
  if (trigger) toastFailures(trigger, context);
  box.addEventListener("change", () => {
    bound?.write(box.checked, 0);
    trigger?.run();
  });
  return { element };
};
