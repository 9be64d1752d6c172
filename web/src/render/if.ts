import { computed } from "@preact/signals-core";
import { h } from "../dom.ts";
import type { Owner } from "../owner.ts";
import type { Component } from "./node.ts";
import { renderChildren } from "./node.ts";

/** If: its children exist while the condition holds. */
export const renderIf: Component = (node, props, context) => {
  const element = h("div", "nx-flow");
  const { owner } = context;
  // A condition that stays true while its inputs change must not rebuild anything.
  const condition = computed(() => props.flag("condition"));
  let shown: Owner | undefined;
  owner.effect(() => {
    const show = condition.value;
    if (show === (shown !== undefined)) return;
    shown?.dispose();
    shown = show ? owner.child() : undefined;
    element.replaceChildren(...(shown ? renderChildren(node, { ...context, owner: shown }) : []));
  });
  return { element };
};
