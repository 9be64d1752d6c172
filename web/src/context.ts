import { type ReadonlySignal, untracked } from "@preact/signals-core";
import type { PanelClient } from "./client.ts";
import type { Surface } from "./events.ts";
import { type Environment, evaluate } from "./expression/interpreter.ts";
import type { Outline } from "./outline.ts";
import type { Owner } from "./owner.ts";
import { type Expression, type Prop, type ViewNode, isBinding, isTemplate } from "./protocol.ts";
import type { Scope } from "./scope.ts";
import type { Store } from "./store.ts";
import type { ViewCommands } from "./view-commands.ts";
import type { Writes } from "./writes.ts";

/** What every component of one live panel shares. */
export interface Panel {
  readonly client: Pick<PanelClient, "trigger" | "status">;
  readonly state: Store;
  readonly writes: Writes;
  readonly commands: ViewCommands;
  readonly surface: Surface;
}

/** Where a component stands: its panel, the loops around it, and how long it lives. */
export interface Context {
  readonly panel: Panel;
  readonly scope: Scope | undefined;
  readonly owner: Owner;
  readonly outline: Outline;
}

const kReported = new Set<string>();
const kMaxReported = 100;

function report(source: string, error: Error): void {
  if (kReported.size >= kMaxReported || kReported.has(source)) return;
  kReported.add(source);
  console.debug(`{${source}} has no value: ${error.message}`);
}

export function environmentOf(context: Context): Environment {
  const { state } = context.panel;
  return {
    read: (root, key) => (root === "$state" ? state.read(key) : context.scope?.read(key)),
    whole: (root) => (root === "$state" ? state.whole() : (context.scope?.whole() ?? {})),
  };
}

export function evaluateIn(context: Context, expression: Expression, source = "expression"): unknown {
  return evaluate(expression, environmentOf(context), (error) => report(source, error));
}

/** A value as a person reads it; null, undefined and numbers that are none are empty, as in the kernel's view. */
export function display(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * The attributes of one component. Each read inside an effect subscribes that effect to what the attribute
 * depends on, and to nothing else. Order of precedence: what the handlers set through the view, then the
 * document.
 */
export class Props {
  readonly #node: ViewNode;
  readonly #context: Context;
  readonly #overrides: ReadonlySignal<Readonly<Record<string, unknown>>> | undefined;

  constructor(node: ViewNode, context: Context) {
    this.#node = node;
    this.#context = context;
    this.#overrides = node.id === undefined ? undefined : context.panel.commands.overridesOf(node.id);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#node.props, name) || Object.hasOwn(this.#overrides?.value ?? {}, name);
  }

  /** The attribute as written in the document, not evaluated. */
  raw(name: string): Prop | undefined {
    return Object.hasOwn(this.#node.props, name) ? this.#node.props[name] : undefined;
  }

  value(name: string): unknown {
    const overrides = this.#overrides?.value;
    if (overrides && Object.hasOwn(overrides, name)) return overrides[name];
    const prop = this.raw(name);
    if (isBinding(prop)) return evaluateIn(this.#context, prop.expr, prop.source);
    if (isTemplate(prop)) return this.#interpolate(prop.template);
    return prop;
  }

  text(name: string, fallback = ""): string {
    const value = this.value(name);
    return value === undefined || value === null ? fallback : display(value);
  }

  /** Of a binding whatever JavaScript takes for true; "false", "0", "no" and "off" written in the document are false. */
  flag(name: string, fallback = false): boolean {
    const value = this.value(name);
    if (value === undefined) return fallback;
    return typeof value === "string" && !isBinding(this.raw(name)) ? !/^(false|0|no|off|)$/i.test(value.trim()) : Boolean(value);
  }

  /** One of `allowed`, else the first of them. */
  choice<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
    const value = this.value(name);
    return allowed.find((item) => item === value) ?? allowed[0];
  }

  /** Evaluated when called, subscribing to nothing: what an interaction sends. */
  now(name: string): unknown {
    return untracked(() => this.value(name));
  }

  #interpolate(parts: (string | { expr: Expression; source?: string })[]): string {
    return parts
      .map((part) => (typeof part === "string" ? part : display(evaluateIn(this.#context, part.expr, part.source))))
      .join("");
  }
}
