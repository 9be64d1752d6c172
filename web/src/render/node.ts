// From view nodes to elements: one component per type, each built once and then updated in place.

import { untracked } from "@preact/signals-core";
import { type Context, Props } from "../context.ts";
import { Outline } from "../outline.ts";
import { Owner } from "../owner.ts";
import type { ViewNode } from "../protocol.ts";
import type { Handle } from "../view-commands.ts";
import { renderBadge } from "./badge.ts";
import { renderButton } from "./button.ts";
import { renderChart } from "./chart.ts";
import { renderContainer } from "./container.ts";
import { renderCustom } from "./custom.ts";
import { renderIf } from "./if.ts";
import { renderInput } from "./input.ts";
import { renderIterate } from "./iterate.ts";
import { renderLayout } from "./layout.ts";
import { renderLogStream } from "./logstream.ts";
import { renderMetric } from "./metric.ts";
import { renderSwitch } from "./switch.ts";
import { renderText } from "./text.ts";
import { renderFailure, renderUnknown } from "./unknown.ts";

/** Builds the element of one node. What it watches ends with `context.owner`. */
export type Component = (node: ViewNode, props: Props, context: Context) => Handle;

const kComponents: ReadonlyMap<string, Component> = new Map<string, Component>([
  ["Layout", renderLayout],
  ["Container", renderContainer],
  ["If", renderIf],
  ["Iterate", renderIterate],
  ["Text", renderText],
  ["Metric", renderMetric],
  ["StatusBadge", renderBadge],
  ["LogStream", renderLogStream],
  ["Chart", renderChart],
  ["Input", renderInput],
  ["Switch", renderSwitch],
  ["Button", renderButton],
  ["Action", renderButton],
  ["CustomComponent", renderCustom],
]);

/** The element of `node`; a component that fails to build leaves a note in its place. */
function renderNode(node: ViewNode, context: Context): HTMLElement {
  const owner = context.owner.child();
  return untracked(() => {
    let handle: Handle;
    try {
      const inner = { ...context, owner };
      const component = kComponents.get(node.type);
      handle = component ? component(node, new Props(node, inner), inner) : renderUnknown(node, inner);
    } catch (error) {
      owner.dispose();
      handle = renderFailure(node, error, context);
    }
    place(handle.element, node);
    if (node.id !== undefined) owner.onDispose(context.panel.commands.register(node.id, handle));
    return handle.element;
  });
}

/** The elements of all children, in order. */
export function renderChildren(node: ViewNode, context: Context): HTMLElement[] {
  return node.children.map((child) => renderNode(child, context));
}

// The style sheet turns these into grid columns.
function place(element: HTMLElement, { id, layout }: ViewNode): void {
  element.dataset.span = String(layout?.colSpan ?? 12);
  if (layout?.newRow) element.dataset.newRow = "";
  if (id !== undefined) element.dataset.id = id;
}

/** Renders a whole view into `parent`; dispose the result to take it away. */
export function renderView(root: ViewNode, panel: Context["panel"], parent: HTMLElement): Owner {
  const owner = new Owner();
  parent.replaceChildren(renderNode(root, { panel, scope: undefined, owner, outline: new Outline() }));
  return owner;
}
