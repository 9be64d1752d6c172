import { h, setText } from "../dom.ts";
import { makePressable, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";

/** StatusBadge: a soft label whose colour repeats what its text says. */
export const renderBadge: Component = (_node, props, context) => {
  const label = h("span", "nx-badge-label");
  const status = h("span", "nx-hidden");
  const element = h("div", "nx-badge", h("span", "nx-badge-dot"), label, status);
  context.owner.effect(() => {
    const name = props.choice("status", ["info", "success", "warn", "error"]);
    element.dataset.status = name;
    setText(status, `(${name})`);
  });
  context.owner.effect(() => setText(label, props.text("label") || props.text("value")));
  const trigger = triggerOf(props, context);
  if (trigger) makePressable(element, trigger, context);
  return { element };
};
