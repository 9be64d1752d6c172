import { h, setText } from "../dom.ts";
import { makePressable, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";
import { renderChildren } from "./node.ts";

/** Container: card, panel, section or transparent, with a header when it has a title. */
export const renderContainer: Component = (node, props, context) => {
  const { outline } = context;
  const title = h(`h${outline.partLevel}` as "h2", "nx-container-title");
  const inner = props.has("title") ? { ...context, outline: outline.part() } : context;
  const body = h("div", "nx-container-body", ...renderChildren(node, inner));
  const element = h("section", "nx-container", title, body);
  context.owner.effect(() => {
    element.dataset.variant = props.choice("variant", ["card", "panel", "section", "transparent"]);
  });
  context.owner.effect(() => {
    const text = props.text("title");
    setText(title, text);
    title.hidden = text === "";
  });
  const trigger = triggerOf(props, context);
  if (trigger) makePressable(element, trigger, context);
  return { element };
};
