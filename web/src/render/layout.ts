import { h } from "../dom.ts";
import type { ViewNode } from "../protocol.ts";
import type { Component } from "./node.ts";
import { renderChildren } from "./node.ts";

// From this many children on they stand in groups that the browser lays out one by one, and only those in sight: a change of
// one text among ten thousand would else make it look at all of them.
const kLong = 200;
const kGroup = 100;
const kFullWidth = 12;
const kGuessedRem = 2.25;

/** Layout: a 12-column grid (auto), a wrapping line (row) or a column (stack). */
export const renderLayout: Component = (node, props, context) => {
  const groups = groupsOf(renderChildren(node, context), node.children, props.raw("strategy"));
  // The outer element is what the grid's container query measures.
  const element = h("div", "nx-layout", groups.length === 1 ? groups[0] : h("div", "nx-groups", ...groups));
  context.owner.effect(() => {
    const [strategy, gap] = [props.choice("strategy", ["auto", "stack", "row"]), props.choice("gap", ["md", "sm", "lg"])];
    const [align, justify] = [props.text("align"), props.text("justify")];
    for (const group of groups) Object.assign(group.dataset, { strategy, gap, align, justify });
  });
  return { element };
};

// A group ends only behind a child of full width, where a new line begins on pages of every width.
function groupsOf(elements: HTMLElement[], nodes: readonly ViewNode[], strategy: unknown): HTMLElement[] {
  const groups: HTMLElement[][] = [[]];
  const divisible = elements.length > kLong && (strategy === undefined || strategy === "auto" || strategy === "stack");
  elements.forEach((element, index) => {
    const last = groups.at(-1) ?? [];
    const lineEnds = strategy === "stack" || nodes[index - 1]?.layout?.colSpan === kFullWidth;
    if (divisible && last.length >= kGroup && lineEnds) groups.push([element]);
    else last.push(element);
  });
  return groups.map((group) => {
    const inner = h("div", "nx-layout-inner", ...group);
    if (groups.length > 1) inner.style.containIntrinsicSize = `auto ${group.length * kGuessedRem}rem`;
    return inner;
  });
}
