// From expressions and bind paths to places in the panel's state that can be written.

import { evaluate } from "./expression/interpreter.ts";
import { readPath } from "./paths.ts";
import type { BindPath, Expression, Json, Path } from "./protocol.ts";
import type { Scope } from "./scope.ts";

// Methods that return items of the list they are called on, as they are.
const kSelecting = new Set(["filter", "slice", "sort", "toSorted", "reverse", "toReversed", "values"]);

export interface ListPlace {
  path: Path;
  // Whether item n of the shown list is item n of the stored one.
  exact: boolean;
}

/** The stored list that an Iterate over `items` shows; undefined when it shows something derived. */
export function listPlace(items: Expression, scope: Scope | undefined): ListPlace | undefined {
  if (items.t === "par") return listPlace(items.x, scope);
  if (items.t === "log" && items.op !== "&&") return listPlace(items.l, scope);
  if (items.t === "call") {
    if (items.c.t !== "mem" || !kSelecting.has(items.c.n)) return undefined;
    const inner = listPlace(items.c.o, scope);
    return inner && { path: inner.path, exact: false };
  }
  const path = statePath(items, scope);
  return path && { path, exact: true };
}

function statePath(expression: Expression, scope: Scope | undefined): Path | undefined {
  if (expression.t !== "mem" && expression.t !== "idx") return undefined;
  const step = expression.t === "mem" ? expression.n : literalStep(expression.i);
  if (step === undefined) return undefined;
  const { o } = expression;
  if (o.t === "name" && o.n === "$state") return [step];
  if (o.t === "name" && o.n === "$scope") return scope?.pathOf(String(step));
  const outer = statePath(o, scope);
  return outer && [...outer, step];
}

function literalStep(index: Expression): string | number | undefined {
  return index.t === "lit" && (typeof index.v === "string" || typeof index.v === "number") ? index.v : undefined;
}

/** Where in the state `item`, shown at `index`, stands right now. */
export function itemPath(
  place: ListPlace | undefined,
  item: unknown,
  index: number,
  stored: (key: string) => Json | undefined,
): Path | undefined {
  if (!place) return undefined;
  if (place.exact) return [...place.path, index];
  const [key, ...rest] = place.path;
  const list = readPath(stored(String(key)), rest);
  // Stored items keep their identity through filters and sorts; equal plain values cannot be told apart.
  if (!Array.isArray(list) || typeof item !== "object" || item === null) return undefined;
  const at = list.indexOf(item as Json);
  return at < 0 ? undefined : [...place.path, at];
}

/** The place a two-way component writes to; undefined when its loop variable is not part of the state. */
export function bindTarget(bind: BindPath, scope: Scope | undefined): Path | undefined {
  if (bind.root === "state") return bind.path;
  const [name, ...rest] = bind.path;
  const base = name === undefined ? undefined : scope?.pathOf(name);
  return base && [...base, ...rest];
}

/** The value a two-way component shows. Subscribes to it. */
export function bindValue(bind: BindPath, read: (root: "$state" | "$scope", key: string) => unknown): unknown {
  const path = bind.path.reduce<Expression>((o, n) => ({ t: "mem", o, n, q: true }), {
    t: "name",
    n: bind.root === "state" ? "$state" : "$scope",
  });
  return evaluate(path, { read, whole: () => ({}) });
}
