import { h } from "../dom.ts";
import type { Component } from "./node.ts";
import { renderChildren } from "./node.ts";

/** Layout: a 12-column grid (auto), a wrapping line (row) or a column (stack). */
export const renderLayout: Component = (node, props, context) => {
  const inner = h("div", "nx-layout-inner", ...renderChildren(node, context));
  // The outer element is what the grid's container query measures.
  const element = h("div", "nx-layout", inner);
  context.owner.effect(() => {
    inner.dataset.strategy = props.choice("strategy", ["auto", "stack", "row"]);
    inner.dataset.gap = props.choice("gap", ["md", "sm", "lg"]);
    inner.dataset.align = props.text("align");
    inner.dataset.justify = props.text("justify");
  });
  return { element };
};
