// The pure globals of the expression language.

import { chargeTree, emptyObject, isList, isPlainObject, toInteger, toNumber, toText } from "./convert.ts";
import { Callable, EvaluationError, type Run, callback } from "./run.ts";

type Apply = (run: Run, args: unknown[]) => unknown;

function namespace(functions: Record<string, Apply>, constants: Record<string, number> = {}, apply?: Apply): Callable {
  const members = new Map<string, unknown>(Object.entries(constants));
  for (const [name, body] of Object.entries(functions)) members.set(name, new Callable(body));
  return new Callable(apply, members);
}

// Every function of Math takes numbers only, so nothing but numbers is passed on.
function mathFunctions(): Record<string, Apply> {
  const functions: Record<string, Apply> = {};
  for (const name of Object.getOwnPropertyNames(Math)) {
    const native = (Math as unknown as Record<string, unknown>)[name];
    if (typeof native !== "function" || name === "random" || native.length > 2 || isVariadic(name)) continue;
    functions[name] = (run, args) =>
      (native as (...numbers: number[]) => number)(toNumber(run, args[0]), toNumber(run, args[1]));
  }
  functions.max = (run, args) => args.reduce<number>((best, arg) => Math.max(best, toNumber(run, arg)), -Infinity);
  functions.min = (run, args) => args.reduce<number>((best, arg) => Math.min(best, toNumber(run, arg)), Infinity);
  functions.hypot = (run, args) => args.reduce<number>((sum, arg) => Math.hypot(sum, toNumber(run, arg)), 0);
  return functions;
}

function isVariadic(name: string): boolean {
  return ["max", "min", "hypot", "sumPrecise", "f16round"].includes(name);
}

function mathConstants(): Record<string, number> {
  const { E, LN10, LN2, LOG10E, LOG2E, PI, SQRT1_2, SQRT2 } = Math;
  return { E, LN10, LN2, LOG10E, LOG2E, PI, SQRT1_2, SQRT2 };
}

const stringify: Apply = (run, args) => {
  chargeTree(run, args[0]);
  const indent = typeof args[2] === "number" || typeof args[2] === "string" ? args[2] : undefined;
  const text = JSON.stringify(args[0], undefined, indent);
  if (text !== undefined) run.chargeText(text.length);
  return text;
};

const parse: Apply = (run, args) => {
  const text = toText(run, args[0]);
  run.charge(text.length >> 1);
  return JSON.parse(text);
};

const parseNumber: Apply = (run, args) => Number.parseFloat(toText(run, args[0]));
const parseInteger: Apply = (run, args) =>
  Number.parseInt(toText(run, args[0]), args[1] === undefined ? undefined : toInteger(run, args[1]));

const kNumber = namespace(
  {
    isInteger: (_run, args) => Number.isInteger(args[0]),
    isFinite: (_run, args) => Number.isFinite(args[0]),
    isNaN: (_run, args) => Number.isNaN(args[0]),
    parseFloat: parseNumber,
    parseInt: parseInteger,
  },
  {
    EPSILON: Number.EPSILON,
    MAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
    MIN_SAFE_INTEGER: Number.MIN_SAFE_INTEGER,
    MAX_VALUE: Number.MAX_VALUE,
    MIN_VALUE: Number.MIN_VALUE,
  },
  (run, args) => (args.length === 0 ? 0 : toNumber(run, args[0])),
);

function listFrom(run: Run, source: unknown): unknown[] {
  if (isList(source)) return source.slice();
  if (typeof source === "string") return [...source];
  if (!isPlainObject(source)) throw new EvaluationError("Array.from needs a list, text or {length}");
  const length = Object.hasOwn(source, "length") ? Math.max(0, toInteger(run, source.length)) : 0;
  run.chargeList(length);
  return Array.from({ length }, (_item, index) => (Object.hasOwn(source, String(index)) ? source[index] : undefined));
}

const kArray = namespace({
  isArray: (_run, args) => isList(args[0]),
  of: (_run, args) => args.slice(),
  from: (run, args) => {
    const list = listFrom(run, args[0]);
    run.chargeList(list.length);
    if (args[1] === undefined) return list;
    const call = callback(run, args[1]);
    return list.map((item, index) => call(item, index));
  },
});

function ownEntries(run: Run, value: unknown): [string, unknown][] {
  if (value === null || value === undefined) throw new EvaluationError(`${String(value)} has no keys`);
  if (!isList(value) && !isPlainObject(value) && typeof value !== "string") return [];
  const entries = Object.entries(value as Record<string, unknown>);
  run.chargeList(entries.length);
  return entries;
}

function fromEntries(run: Run, entries: unknown): Record<string, unknown> {
  if (!isList(entries)) throw new EvaluationError("Object.fromEntries needs a list of pairs");
  run.chargeList(entries.length);
  const result = emptyObject();
  for (const entry of entries) {
    if (!isList(entry)) throw new EvaluationError("Object.fromEntries needs a list of pairs");
    result[toText(run, entry[0])] = entry[1];
  }
  return result;
}

const kObject = namespace({
  keys: (run, args) => ownEntries(run, args[0]).map(([key]) => key),
  values: (run, args) => ownEntries(run, args[0]).map(([, value]) => value),
  entries: (run, args) => ownEntries(run, args[0]),
  fromEntries: (run, args) => fromEntries(run, args[0]),
});

/** Every name an expression may use besides `$state`, `$scope` and its own arrow parameters. */
export const kGlobals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["Math", namespace(mathFunctions(), mathConstants())],
  ["JSON", namespace({ stringify, parse })],
  ["Number", kNumber],
  ["String", namespace({}, {}, (run, args) => (args.length === 0 ? "" : toText(run, args[0])))],
  ["Boolean", namespace({}, {}, (_run, args) => Boolean(args[0]))],
  ["Array", kArray],
  ["Object", kObject],
  ["Date", namespace({ parse: (run, args) => Date.parse(toText(run, args[0])) })],
  ["parseInt", new Callable(parseInteger)],
  ["parseFloat", new Callable(parseNumber)],
  ["isNaN", new Callable((run, args) => Number.isNaN(toNumber(run, args[0])))],
  ["isFinite", new Callable((run, args) => Number.isFinite(toNumber(run, args[0])))],
]);
