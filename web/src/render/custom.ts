import { untracked } from "@preact/signals-core";
import { TriggerError } from "../connection.ts";
import { type Context, evaluateIn, type Props } from "../context.ts";
import { type CustomInstance, customComponent } from "../custom-components.ts";
import { h } from "../dom.ts";
import { isBinding, type Json, type ViewNode } from "../protocol.ts";
import type { Component } from "./node.ts";
import { placeholder } from "./unknown.ts";

const kBind = "bind:";
const kOn = "on:";

/** CustomComponent: what the page registered under this module and name; a panel itself can bring no code. */
export const renderCustom: Component = (node, props, context) => {
  const module = String(props.raw("module") ?? "");
  const name = String(props.raw("component") ?? "");
  const create = customComponent(module, name);
  if (!create) return placeholder(`The page has no component "${name}" of "${module}"`, node, context);
  const element = h("div", "nx-custom");
  const instance: CustomInstance | void = create(element, {
    values: untracked(() => valuesOf(node, props, context)),
    emit: (event, detail) => runTool(node, event, detail, context),
  });
  let first = true;
  context.owner.effect(() => {
    const values = valuesOf(node, props, context);
    if (!first) untracked(() => instance?.update?.(values));
    first = false;
  });
  context.owner.onDispose(() => instance?.destroy?.());
  return { element, methods: { ...instance?.methods } };
};

// bind:NAME is an expression; every other attribute is a value as of any component.
function valuesOf(node: ViewNode, props: Props, context: Context): Record<string, unknown> {
  const names = Object.keys(node.props).filter((name) => !name.startsWith(kOn) && name !== "module" && name !== "component");
  return Object.fromEntries(
    names.map((name) => {
      const prop = props.raw(name);
      if (!name.startsWith(kBind)) return [name, props.value(name)];
      return [name.slice(kBind.length), isBinding(prop) ? evaluateIn(context, prop.expr, prop.source) : prop];
    }),
  );
}

// on:NAME="tool" runs a tool with what the component tells.
function runTool(node: ViewNode, event: string, detail: Json | undefined, { panel }: Context): void {
  const tool = Object.hasOwn(node.props, kOn + event) ? node.props[kOn + event] : undefined;
  if (typeof tool !== "string") return;
  panel.client.trigger(tool.trim(), detail).catch((error: unknown) => {
    panel.surface.toasts.show(`${tool}: ${error instanceof TriggerError ? error.message : String(error)}`, "error");
  });
}
