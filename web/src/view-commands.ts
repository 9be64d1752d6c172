import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Json, ViewCommand } from "./protocol.ts";

/** What handlers may ask of one component; methods it lacks are ignored. */
export interface Handle {
  element: HTMLElement;
  methods?: Readonly<Record<string, (args: Json[]) => void>>;
}

type Overrides = Readonly<Record<string, unknown>>;

const kMaxOverrides = 100;

function field(args: Json, name: string): Json | undefined {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return undefined;
  return Object.hasOwn(args, name) ? args[name] : undefined;
}

/** The imperative side of a panel's view: components by id, and the attributes that handlers have set. */
export class ViewCommands {
  readonly #handles = new Map<string, Handle>();
  readonly #overrides = new Map<string, Signal<Overrides>>();

  /** Makes a component reachable; call the result when it goes. */
  register(id: string, handle: Handle): () => void {
    this.#handles.set(id, handle);
    return () => {
      if (this.#handles.get(id) !== handle) return;
      this.#handles.delete(id);
      this.#overrides.delete(id);
    };
  }

  /** What handlers have set on the component; wins over what the document says. */
  overridesOf(id: string): ReadonlySignal<Overrides> {
    let found = this.#overrides.get(id);
    if (!found) {
      found = signal<Overrides>({});
      this.#overrides.set(id, found);
    }
    return found;
  }

  /** Carries out one command. Commands for components that are not on the page have no effect. */
  run(command: ViewCommand): void {
    const id = command.componentId;
    const handle = id === undefined ? undefined : this.#handles.get(id);
    if (id === undefined || !handle) return;
    const { args } = command;
    switch (command.type) {
      case "setProp":
        return this.#setProp(id, field(args, "prop"), field(args, "value"));
      case "setFilter":
        return this.#setProp(id, "filter", field(args, "value"));
      case "scrollTo":
        return call(handle, "scrollTo", [field(args, "position") ?? null]);
      case "focus":
        return call(handle, "focus", []);
      case "call":
        return call(handle, field(args, "method"), field(args, "args"));
      case "custom":
        return call(handle, field(args, "name"), [field(args, "params") ?? null]);
      default:
        return;
    }
  }

  #setProp(id: string, prop: Json | undefined, value: Json | undefined): void {
    const target = this.#overrides.get(id);
    if (!target || typeof prop !== "string") return;
    const current = target.peek();
    if (!Object.hasOwn(current, prop) && Object.keys(current).length >= kMaxOverrides) return;
    target.value = Object.fromEntries([...Object.entries(current), [prop, value]]);
  }
}

function call(handle: Handle, method: Json | undefined, args: Json | undefined): void {
  if (typeof method !== "string") return;
  const list = Array.isArray(args) ? args : [];
  const own = handle.methods;
  if (own && Object.hasOwn(own, method)) own[method]?.(list);
  else if (method === "focus") focusIn(handle.element);
  else if (method === "scrollTo" || method === "scrollIntoView") scrollTo(handle.element, list[0]);
}

function focusIn(element: HTMLElement): void {
  const inside = "input, button, select, textarea, a[href], [tabindex]";
  (element.matches(inside) ? element : element.querySelector<HTMLElement>(inside))?.focus();
}

function scrollTo(element: HTMLElement, position: Json | undefined): void {
  element.scrollIntoView({ block: position === "bottom" ? "end" : "start", behavior: "smooth" });
}
