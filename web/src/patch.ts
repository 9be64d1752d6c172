// JSON Patch (RFC 6902) on values that are never changed in place: what an operation does not touch keeps its
// identity.

import type { Json, Mutation, PatchOperation } from "./protocol.ts";

/** The steps of a JSON Pointer (RFC 6901). */
export function parsePointer(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Changes of whole keys as operations. */
export function operationsOf(mutations: readonly Mutation[]): PatchOperation[] {
  return mutations.map((mutation) => {
    const path = `/${mutation.key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return mutation.operation === "set" ? { op: "add", path, value: mutation.value } : { op: "remove", path };
  });
}

/** `value` after `operation`, whose path below `value` has the given steps. Throws when there is no such place. */
export function applyOperation(value: Json | undefined, steps: readonly string[], operation: PatchOperation): Json {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) throw misfit(operation);
  return Array.isArray(value)
    ? changeList(value, step, rest, operation)
    : changeObject(value, step, rest, operation);
}

function misfit({ op, path }: PatchOperation): Error {
  return new Error(`the server's patch does not fit the state: ${op} ${path}`);
}

function changeList(list: Json[], step: string, rest: string[], operation: PatchOperation): Json[] {
  const index = Number(step);
  const end = rest.length === 0 && operation.op === "add" ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > end) throw misfit(operation);
  if (rest.length > 0) return list.with(index, applyOperation(list[index], rest, operation));
  if (operation.op === "remove") return list.toSpliced(index, 1);
  return operation.op === "add" ? list.toSpliced(index, 0, operation.value) : list.with(index, operation.value);
}

// Built from entries, so that a member may have any name.
function changeObject(
  object: { [key: string]: Json },
  step: string,
  rest: string[],
  operation: PatchOperation,
): { [key: string]: Json } {
  const exists = Object.hasOwn(object, step);
  if (!exists && (rest.length > 0 || operation.op !== "add")) throw misfit(operation);
  const entries = Object.entries(object);
  if (rest.length === 0 && operation.op === "remove") return Object.fromEntries(entries.filter(([key]) => key !== step));
  const changed = rest.length > 0 ? applyOperation(object[step], rest, operation) : (operation as { value: Json }).value;
  return Object.fromEntries([...entries, [step, changed]]);
}
