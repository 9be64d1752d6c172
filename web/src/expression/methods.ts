// The methods that expressions may call on text, numbers and lists. None changes what it is called on.

import { isList, joinList, toInteger, toNumber, toPrimitive, toText } from "./convert.ts";
import { Callable, EvaluationError, Run, callback, kMaxTextLength } from "./run.ts";

type Method<T> = (run: Run, self: T, args: unknown[]) => unknown;

function optional<T>(value: unknown, convert: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : convert(value);
}

function text(run: Run, args: unknown[], at = 0): string {
  return toText(run, args[at]);
}

function position(run: Run, args: unknown[], at: number): number | undefined {
  return optional(args[at], (value) => toInteger(run, value));
}

function pad(run: Run, self: string, args: unknown[], side: "padStart" | "padEnd"): string {
  const length = toInteger(run, args[0]);
  run.chargeText(Math.max(length, 0));
  return self[side](length, optional(args[1], (value) => toText(run, value)));
}

function replace(run: Run, self: string, args: unknown[], all: boolean): string {
  const pattern = text(run, args);
  const by = args[1];
  const method = all ? "replaceAll" : "replace";
  if (by instanceof Callable) return bounded(run, self[method](pattern, (...found) => toText(run, by.call(run, found))));
  const replacement = toText(run, by);
  const places = all ? self.split(pattern).length + 1 : 1;
  // `$&` and its kin put pieces of the text itself into the replacement.
  const each = replacement.length + (replacement.split("$").length - 1) * self.length;
  run.chargeText(self.length + places * each);
  return self[method](pattern, replacement);
}

function bounded(run: Run, result: string): string {
  run.chargeText(result.length);
  return result;
}

function split(run: Run, self: string, args: unknown[]): string[] {
  run.chargeList(self.length);
  const limit = position(run, args, 1);
  return args[0] === undefined ? [self] : self.split(text(run, args), limit);
}

function repeat(run: Run, self: string, args: unknown[]): string {
  const count = toInteger(run, args[0]);
  run.chargeText(self.length * Math.max(count, 0));
  if (count > kMaxTextLength) throw new EvaluationError(`repeats text more than ${kMaxTextLength} times`);
  return self.repeat(count);
}

const kTextMethods: Record<string, Method<string>> = {
  at: (run, self, args) => self.at(toInteger(run, args[0])),
  charAt: (run, self, args) => self.charAt(toInteger(run, args[0])),
  charCodeAt: (run, self, args) => self.charCodeAt(toInteger(run, args[0])),
  codePointAt: (run, self, args) => self.codePointAt(toInteger(run, args[0])),
  concat: (run, self, args) => joinList(run, [self, ...args.map((arg) => toText(run, arg))], ""),
  endsWith: (run, self, args) => self.endsWith(text(run, args), position(run, args, 1)),
  includes: (run, self, args) => self.includes(text(run, args), position(run, args, 1)),
  indexOf: (run, self, args) => self.indexOf(text(run, args), position(run, args, 1)),
  lastIndexOf: (run, self, args) => self.lastIndexOf(text(run, args), position(run, args, 1)),
  localeCompare: (run, self, args) => self.localeCompare(text(run, args)),
  padEnd: (run, self, args) => pad(run, self, args, "padEnd"),
  padStart: (run, self, args) => pad(run, self, args, "padStart"),
  repeat,
  replace: (run, self, args) => replace(run, self, args, false),
  replaceAll: (run, self, args) => replace(run, self, args, true),
  slice: (run, self, args) => self.slice(position(run, args, 0), position(run, args, 1)),
  split,
  startsWith: (run, self, args) => self.startsWith(text(run, args), position(run, args, 1)),
  substring: (run, self, args) => self.substring(toInteger(run, args[0]), position(run, args, 1)),
  toLowerCase: (_run, self) => self.toLowerCase(),
  toUpperCase: (_run, self) => self.toUpperCase(),
  toString: (_run: Run, self: string) => self,
  trim: (_run, self) => self.trim(),
  trimEnd: (_run, self) => self.trimEnd(),
  trimStart: (_run, self) => self.trimStart(),
};

const kNumberMethods: Record<string, Method<number>> = {
  toFixed: (run, self, args) => self.toFixed(position(run, args, 0)),
  toPrecision: (run, self, args) => self.toPrecision(position(run, args, 0)),
  toString: (run: Run, self: number, args: unknown[]) => self.toString(position(run, args, 0)),
  toLocaleString: (run: Run, self: number, args: unknown[]) =>
    self.toLocaleString(
      optional(args[0], (value) => toText(run, value)),
      optional(args[1], (value) => value as Intl.NumberFormatOptions),
    ),
};

function concat(run: Run, self: unknown[], args: unknown[]): unknown[] {
  let result = self;
  for (const arg of args) {
    run.chargeList(result.length + (isList(arg) ? arg.length : 1));
    result = result.concat(arg);
  }
  return result;
}

function flatten(run: Run, list: unknown[], depth: number, out: unknown[]): unknown[] {
  for (const item of list) {
    run.charge();
    if (isList(item) && depth > 0) flatten(run, item, depth - 1, out);
    else out.push(item);
  }
  run.chargeList(out.length);
  return out;
}

function sorted(run: Run, self: unknown[], args: unknown[]): unknown[] {
  if (args[0] === undefined) {
    const keyed = self.map((item) => ({ item, key: item === undefined ? undefined : toText(run, item) }));
    keyed.sort((a, b) => {
      run.charge();
      if (a.key === undefined || b.key === undefined) return Number(a.key === undefined) - Number(b.key === undefined);
      return a.key < b.key ? -1 : Number(a.key > b.key);
    });
    return keyed.map((entry) => entry.item);
  }
  const compare = callback(run, args[0]);
  return self.toSorted((a, b) => toNumber(run, compare(a, b)));
}

// Without an initial value the first item is it, as in JavaScript.
function fold(method: "reduce" | "reduceRight") {
  return (run: Run, self: unknown[], args: unknown[]): unknown => {
    const call = callback(run, args[0]);
    const combine = (sum: unknown, item: unknown, index: number) => call(sum, item, index, self);
    return args.length > 1 ? self[method](combine, args[1]) : self[method](combine);
  };
}

function spliced(run: Run, self: unknown[], args: unknown[]): unknown[] {
  if (args.length === 0) return self.slice();
  const count = args.length === 1 ? self.length : toInteger(run, args[1]);
  return self.toSpliced(toInteger(run, args[0]), count, ...args.slice(2));
}

function each(method: "every" | "filter" | "find" | "findIndex" | "findLast" | "findLastIndex" | "map" | "some") {
  return (run: Run, self: unknown[], args: unknown[]): unknown => {
    const call = callback(run, args[0]);
    return (self[method] as (call: (...args: unknown[]) => unknown) => unknown)((item, index) => call(item, index, self));
  };
}

const kListMethods: Record<string, Method<unknown[]>> = {
  at: (run, self, args) => self.at(toInteger(run, args[0])),
  concat,
  entries: (_run, self) => self.map((item, index) => [index, item]),
  every: each("every"),
  filter: each("filter"),
  find: each("find"),
  findIndex: each("findIndex"),
  findLast: each("findLast"),
  findLastIndex: each("findLastIndex"),
  flat: (run, self, args) => flatten(run, self, position(run, args, 0) ?? 1, []),
  flatMap: (run, self, args) => flatten(run, self.map(mapper(run, self, args)), 1, []),
  includes: (run, self, args) => self.includes(args[0], position(run, args, 1)),
  indexOf: (run, self, args) => self.indexOf(args[0], position(run, args, 1)),
  join: (run, self, args) => joinList(run, self, args[0] === undefined ? "," : text(run, args)),
  keys: (_run, self) => self.map((_item, index) => index),
  lastIndexOf: (run, self, args) =>
    args.length > 1 ? self.lastIndexOf(args[0], toInteger(run, args[1])) : self.lastIndexOf(args[0]),
  map: each("map"),
  reduce: fold("reduce"),
  reduceRight: fold("reduceRight"),
  reverse: (_run, self) => self.toReversed(),
  slice: (run, self, args) => self.slice(position(run, args, 0), position(run, args, 1)),
  some: each("some"),
  sort: sorted,
  toReversed: (_run, self) => self.toReversed(),
  toSorted: sorted,
  toSpliced: spliced,
  values: (_run, self) => self.slice(),
  with: (run, self, args) => self.with(toInteger(run, args[0]), args[1]),
};

function mapper(run: Run, self: unknown[], args: unknown[]): (item: unknown, index: number) => unknown {
  const call = callback(run, args[0]);
  return (item, index) => call(item, index, self);
}

function table<T>(methods: Record<string, Method<T>>): ReadonlyMap<string, Method<T>> {
  return new Map(Object.entries(methods));
}
const kTexts = table(kTextMethods);
const kNumbers = table(kNumberMethods);
const kLists = table(kListMethods);

/** Whether `self` has a callable method of that name. */
export function hasMethod(self: unknown, name: string): boolean {
  if (typeof self === "string") return kTexts.has(name);
  if (typeof self === "number") return kNumbers.has(name);
  return isList(self) && kLists.has(name);
}

/** Calls a method of the fixed list; throws when there is none of that name. */
export function callMethod(run: Run, self: unknown, name: string, args: unknown[]): unknown {
  if (typeof self === "string" && kTexts.has(name)) {
    run.chargeText(self.length);
    return kTexts.get(name)!(run, self, args);
  }
  if (typeof self === "number" && kNumbers.has(name)) return kNumbers.get(name)!(run, self, args);
  if (isList(self) && kLists.has(name)) {
    run.chargeList(self.length);
    return kLists.get(name)!(run, self, args);
  }
  throw new EvaluationError(`${describe(run, self)} has no method "${name}"`);
}

function describe(run: Run, value: unknown): string {
  if (isList(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(toPrimitive(run, value)).slice(0, 40);
}
