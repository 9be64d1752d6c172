import type { ReadonlySignal } from "@preact/signals-core";
import type { Path } from "./protocol.ts";

/**
 * `$scope` inside one item of an Iterate: the item under its `as` name, its position as `<as>Index` and
 * `index`, and everything of the loops around it.
 */
export class Scope {
  readonly #outer: Scope | undefined;
  readonly #as: string;
  readonly #item: ReadonlySignal<unknown>;
  readonly #index: ReadonlySignal<number>;
  readonly #path: () => Path | undefined;

  /** `path` tells where in the state the item stands at the moment, undefined when it is not part of it. */
  constructor(
    outer: Scope | undefined,
    as: string,
    item: ReadonlySignal<unknown>,
    index: ReadonlySignal<number>,
    path: () => Path | undefined,
  ) {
    this.#outer = outer;
    this.#as = as;
    this.#item = item;
    this.#index = index;
    this.#path = path;
  }

  read(key: string): unknown {
    if (key === this.#as) return this.#item.value;
    if (key === "index" || key === `${this.#as}Index`) return this.#index.value;
    return this.#outer?.read(key);
  }

  whole(): Record<string, unknown> {
    return {
      ...this.#outer?.whole(),
      [this.#as]: this.#item.value,
      [`${this.#as}Index`]: this.#index.value,
      index: this.#index.value,
    };
  }

  /** Where the variable `name` stands in the state; undefined when writing to it is impossible. */
  pathOf(name: string): Path | undefined {
    return name === this.#as ? this.#path() : this.#outer?.pathOf(name);
  }
}
