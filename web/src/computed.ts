import { type ReadonlySignal, computed } from "@preact/signals-core";
import { evaluate } from "./expression/interpreter.ts";
import type { Json, PanelAst } from "./protocol.ts";
import type { Store } from "./store.ts";

/**
 * What `$state` means in this page: the store, and for computed keys that the server has not sent, their
 * expression evaluated here.
 */
export class StateView {
  readonly #store: Store;
  readonly #computed = new Map<string, ReadonlySignal<unknown>>();

  constructor(store: Store, ast: PanelAst) {
    this.#store = store;
    for (const { name, expr } of ast.data.computed) {
      if (!expr) continue;
      const environment = {
        read: (_root: string, key: string) => this.read(key),
        whole: () => store.whole(),
      };
      // A computed that reads itself makes the signal throw, which evaluate() turns into undefined.
      this.#computed.set(
        name,
        computed(() => evaluate(expr, environment)),
      );
    }
  }

  read(key: string): unknown {
    const own = this.#computed.get(key);
    return own && !this.#store.has(key) ? own.value : this.#store.read(key);
  }

  whole(): Record<string, unknown> {
    const all: Record<string, unknown> = this.#store.whole();
    for (const key of this.#computed.keys()) if (!Object.hasOwn(all, key)) all[key] = this.read(key);
    return all;
  }

  /** Data only: what the server stores under this key, drafts on top. */
  stored(key: string): Json | undefined {
    return this.#store.read(key);
  }
}
