// Reading, replacing and comparing parts of JSON values. Nothing here changes a value in place.

import type { Json, Path } from "./protocol.ts";

type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at `path` below `value`; own properties only, undefined when there is none. */
export function readPath(value: Json | undefined, path: Path): Json | undefined {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as JsonObject)[step];
  }
  return at;
}

/**
 * A copy of `value` with `part` at `path`. Containers that are missing become objects; a list position past
 * the end leaves the value as it is.
 */
export function withPath(value: Json | undefined, path: Path, part: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return part;
  if (Array.isArray(value)) {
    const index = Number(step);
    if (!Number.isInteger(index) || index < 0 || index >= value.length) return value;
    return value.with(index, withPath(value[index], rest, part));
  }
  const object = isObject(value) ? value : {};
  const inner = Object.hasOwn(object, step) ? object[step] : undefined;
  return Object.fromEntries([...Object.entries(object), [String(step), withPath(inner, rest, part)]]);
}

export function deepEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]))
  );
}

/**
 * `next`, with every part that equals its counterpart in `previous` replaced by it: what did not change keeps
 * its identity, so that whoever watches only that part is not woken.
 */
export function reuse(previous: Json | undefined, next: Json): Json {
  if (previous === next) return next;
  if (Array.isArray(previous) && Array.isArray(next)) return reuseItems(previous, next);
  if (!isObject(previous) || !isObject(next)) return next;
  const entries = Object.entries(next).map(([key, item]): [string, Json] => [
    key,
    reuse(Object.hasOwn(previous, key) ? previous[key] : undefined, item),
  ]);
  const same =
    entries.length === Object.keys(previous).length &&
    entries.every(([key, item]) => Object.hasOwn(previous, key) && previous[key] === item);
  return same ? previous : Object.fromEntries(entries);
}

// Copies only when an item is replaced: a list of a hundred thousand that grew by one has none.
function reuseItems(previous: readonly Json[], next: Json[]): Json[] {
  let items = next;
  let same = previous.length === next.length;
  for (let at = 0; at < next.length; at++) {
    const item = next[at] as Json;
    if (item === previous[at]) continue;
    const kept = reuse(previous[at], item);
    same &&= kept === previous[at];
    if (kept === item) continue;
    if (items === next) items = next.slice();
    items[at] = kept;
  }
  return same ? (previous as Json[]) : items;
}
