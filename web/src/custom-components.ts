// Components that the page adds to what panels can show. A panel names one by module and component; only what the page
// has registered under these names is ever run, so a panel brings no code of its own.

import type { Json } from "./protocol.ts";

export interface CustomContext {
  /** The values of the `bind:` expressions, and the other attributes, by name. */
  values: Readonly<Record<string, unknown>>;
  /** Runs the tool that the panel names in `on:EVENT`, with `detail` as its arguments; does nothing without one. */
  emit(event: string, detail?: Json): void;
}

export interface CustomInstance {
  /** Called with all values after one of them changed. */
  update?(values: Readonly<Record<string, unknown>>): void;
  /** Called when the component leaves the page. */
  destroy?(): void;
  /** What handlers may call with `$view.call(id, method, args)`. */
  methods?: Readonly<Record<string, (args: Json[]) => void>>;
}

/** Fills `element`. */
export type CustomComponentFactory = (element: HTMLElement, context: CustomContext) => CustomInstance | void;

const kRegistered = new Map<string, CustomComponentFactory>();

const keyOf = (module: string, component: string) => JSON.stringify([module, component]);

/**
 * Makes `<CustomComponent module component>` show what `create` fills its element with, in every panel of the page that
 * is rendered from now on. A second call with the same names replaces the first.
 */
export function registerComponent(module: string, component: string, create: CustomComponentFactory): void {
  kRegistered.set(keyOf(module, component), create);
}

export function customComponent(module: string, component: string): CustomComponentFactory | undefined {
  return kRegistered.get(keyOf(module, component));
}
