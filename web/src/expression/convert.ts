// JavaScript's conversions over the interpreter's values, metered, and blind to conversions that an object
// brings along: `{toString: ...}` is data here.

import { Callable, EvaluationError, type Run } from "./run.ts";

export type Primitive = undefined | null | boolean | number | string;
export type PlainObject = Record<string, unknown>;

export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Callable);
}

/** An object without a prototype, so that `__proto__` is a key like any other. */
export function emptyObject(): PlainObject {
  return Object.create(null) as PlainObject;
}

export function toPrimitive(run: Run, value: unknown): Primitive {
  if (isList(value)) return joinList(run, value, ",");
  if (value instanceof Callable) return "function";
  if (typeof value === "object" && value !== null) return "[object Object]";
  return value as Primitive;
}

export function toText(run: Run, value: unknown): string {
  const text = String(toPrimitive(run, value));
  run.chargeText(text.length);
  return text;
}

export function toNumber(run: Run, value: unknown): number {
  return Number(toPrimitive(run, value));
}

/** A number as a position or count; NaN counts as 0. */
export function toInteger(run: Run, value: unknown): number {
  return Math.trunc(toNumber(run, value)) || 0;
}

export function joinList(run: Run, list: unknown[], separator: string): string {
  run.chargeList(list.length);
  let length = separator.length * Math.max(0, list.length - 1);
  run.chargeText(length);
  const parts = list.map((item) => {
    const part = item === null || item === undefined ? "" : toText(run, item);
    length += part.length;
    run.chargeText(length);
    return part;
  });
  return parts.join(separator);
}

export function looselyEqual(run: Run, left: unknown, right: unknown): boolean {
  const leftIsObject = typeof left === "object" && left !== null;
  const rightIsObject = typeof right === "object" && right !== null;
  if (leftIsObject && rightIsObject) return left === right;
  if (left === null || left === undefined || right === null || right === undefined)
    return (left ?? undefined) === (right ?? undefined);
  // The == of the expression language, between primitives.
  return toPrimitive(run, left) == toPrimitive(run, right);
}

export function add(run: Run, left: unknown, right: unknown): string | number {
  const a = toPrimitive(run, left);
  const b = toPrimitive(run, right);
  if (typeof a !== "string" && typeof b !== "string") return Number(a) + Number(b);
  const text = `${a}${b}`;
  run.chargeText(text.length);
  return text;
}

/** Pays for everything inside a value: shared parts count each time they are met, as native walks would. */
export function chargeTree(run: Run, value: unknown): void {
  if (typeof value === "string") return run.chargeText(value.length);
  run.charge();
  if (isList(value)) for (const item of value) chargeTree(run, item);
  else if (isPlainObject(value))
    for (const key of Object.keys(value)) {
      run.chargeText(key.length);
      chargeTree(run, value[key]);
    }
}

/** Own properties only: `length`, list and text positions, an object's own keys, a name space's members. */
export function readMember(object: unknown, name: string): unknown {
  if (object === null || object === undefined)
    throw new EvaluationError(`cannot read "${name}" of ${String(object)}`);
  if (object instanceof Callable) return object.member(name);
  if (typeof object === "string" || typeof object === "object")
    return Object.hasOwn(object as object, name) ? (object as PlainObject)[name] : undefined;
  return undefined;
}
