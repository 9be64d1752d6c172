// The interpreter of view expressions (docs/PROTOCOL.md, "Expressions"). It walks the tree that the server
// sends; no text is ever turned into code.

import type { Expression, ObjectMember } from "../protocol.ts";
import { add, emptyObject, isList, isPlainObject, looselyEqual, readMember, toPrimitive, toText } from "./convert.ts";
import { kGlobals } from "./globals.ts";
import { callMethod, hasMethod } from "./methods.ts";
import { Callable, EvaluationError, Run } from "./run.ts";

export type Root = "$state" | "$scope";

/** What `$state` and `$scope` mean where an expression stands. */
export interface Environment {
  /** One key of a root; undefined when there is none. Reading is what subscribes to it. */
  read(root: Root, key: string): unknown;
  /** The whole root as data, for expressions that use it as a value. */
  whole(root: Root): Record<string, unknown>;
}

/**
 * The value of an expression: JSON data or undefined. Never throws and always ends: what fails or takes too
 * long is undefined, and `onError` hears why.
 */
export function evaluate(expression: Expression, environment: Environment, onError?: (error: Error) => void): unknown {
  try {
    const value = new Interpreter(environment).value(expression, undefined);
    return value instanceof Callable ? undefined : value;
  } catch (error) {
    // Range errors of the engine itself (stack, text length) land here too.
    onError?.(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
}

// Arrow parameters, innermost first.
interface Frame {
  name: string;
  value: unknown;
  outer: Frame | undefined;
}

// What a chain yields once its `?.` met null: the rest of the chain is skipped.
const kEnded = Symbol("ended chain");

type CallNode = Extract<Expression, { t: "call" }>;
type AccessNode = Extract<Expression, { t: "mem" | "idx" }>;
type BinaryNode = Extract<Expression, { t: "bin" }>;

class Interpreter {
  readonly #environment: Environment;
  readonly #run = new Run();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  value(node: Expression, frame: Frame | undefined): unknown {
    this.#run.charge();
    switch (node.t) {
      case "lit":
        return node.v;
      case "name":
        return this.#name(node.n, frame);
      case "mem":
      case "idx":
      case "call": {
        const value = this.#chain(node, frame);
        return value === kEnded ? undefined : value;
      }
      case "par":
        return this.value(node.x, frame);
      case "un":
        return this.#unary(node.op, node.x, frame);
      case "bin":
        return this.#binary(node, frame);
      case "log":
        return this.#logical(node.op, node.l, node.r, frame);
      case "if":
        return this.value(this.value(node.c, frame) ? node.y : node.n, frame);
      case "arr":
        return this.#list(node.e, frame);
      case "obj":
        return this.#object(node.e, frame);
      case "fn":
        return this.#arrow(node.p, node.b, frame);
      case "tpl":
        return this.#template(node.s, node.e, frame);
      default:
        throw new EvaluationError(`unknown expression node "${String((node as { t?: unknown }).t)}"`);
    }
  }

  #name(name: string, frame: Frame | undefined): unknown {
    for (let at = frame; at; at = at.outer) if (at.name === name) return at.value;
    if (name === "$state" || name === "$scope") return this.#environment.whole(name);
    if (!kGlobals.has(name)) throw new EvaluationError(`"${name}" is not defined`);
    return kGlobals.get(name);
  }

  #chain(node: Expression, frame: Frame | undefined): unknown {
    if (node.t === "call") return this.#call(node, frame);
    if (node.t === "mem" || node.t === "idx") return this.#access(node, frame);
    return this.value(node, frame);
  }

  #access(node: AccessNode, frame: Frame | undefined): unknown {
    this.#run.charge();
    const root = this.#rootOf(node.o, frame);
    if (root) return this.#environment.read(root, this.#key(node, frame));
    const object = this.#chain(node.o, frame);
    if (object === kEnded || (node.q && isNullish(object))) return kEnded;
    return readMember(object, this.#key(node, frame));
  }

  // `$state.n` reads one key, not the whole state: this is what makes updates fine-grained.
  #rootOf(node: Expression, frame: Frame | undefined): Root | undefined {
    if (node.t !== "name" || (node.n !== "$state" && node.n !== "$scope")) return undefined;
    for (let at = frame; at; at = at.outer) if (at.name === node.n) return undefined;
    return node.n;
  }

  #key(node: AccessNode, frame: Frame | undefined): string {
    return node.t === "mem" ? node.n : toText(this.#run, this.value(node.i, frame));
  }

  #call(node: CallNode, frame: Frame | undefined): unknown {
    this.#run.charge();
    // Parentheses end a chain, but `(a.b)()` is still a method call.
    const ended = node.c.t === "par";
    const callee = node.c.t === "par" ? node.c.x : node.c;
    if (callee.t === "mem" || callee.t === "idx") return this.#method(node, callee, ended, frame);
    const target = this.#chain(node.c, frame);
    if (target === kEnded || (node.q && isNullish(target))) return kEnded;
    return this.#apply(target, node, frame);
  }

  #method(node: CallNode, callee: AccessNode, ended: boolean, frame: Frame | undefined): unknown {
    const root = this.#rootOf(callee.o, frame);
    const self = root ? undefined : this.#chain(callee.o, frame);
    if (self === kEnded || (!root && callee.q && isNullish(self))) {
      if (ended && !node.q) throw new EvaluationError("undefined is not a function");
      return kEnded;
    }
    const name = this.#key(callee, frame);
    const own = root ? this.#environment.read(root, name) : readMember(self, name);
    if (own instanceof Callable) return this.#apply(own, node, frame);
    if (node.q && !hasMethod(self, name) && isNullish(own)) return kEnded;
    return callMethod(this.#run, self, name, this.#list(node.a, frame));
  }

  #apply(target: unknown, node: CallNode, frame: Frame | undefined): unknown {
    if (!(target instanceof Callable)) throw new EvaluationError("the called value is not a function");
    return target.call(this.#run, this.#list(node.a, frame));
  }

  #unary(op: string, operand: Expression, frame: Frame | undefined): unknown {
    if (op === "typeof") return this.#typeof(operand, frame);
    const value = this.value(operand, frame);
    if (op === "!") return !value;
    const number = Number(toPrimitive(this.#run, value));
    if (op === "-") return -number;
    if (op === "+") return number;
    throw new EvaluationError(`unknown operator "${op}"`);
  }

  #typeof(operand: Expression, frame: Frame | undefined): string {
    const value = this.value(operand, frame);
    return value instanceof Callable && value.isFunction ? "function" : typeof value;
  }

  #binary(node: BinaryNode, frame: Frame | undefined): unknown {
    const left = this.value(node.l, frame);
    const right = this.value(node.r, frame);
    const run = this.#run;
    switch (node.op) {
      case "+":
        return add(run, left, right);
      case "===":
        return left === right;
      case "!==":
        return left !== right;
      case "==":
        return looselyEqual(run, left, right);
      case "!=":
        return !looselyEqual(run, left, right);
      case "in":
        return hasKey(toText(run, left), right);
      default:
        return operate(node.op, toPrimitive(run, left) as number, toPrimitive(run, right) as number);
    }
  }

  #logical(op: string, left: Expression, right: Expression, frame: Frame | undefined): unknown {
    const value = this.value(left, frame);
    if (op === "&&") return value ? this.value(right, frame) : value;
    if (op === "||") return value ? value : this.value(right, frame);
    if (op === "??") return isNullish(value) ? this.value(right, frame) : value;
    throw new EvaluationError(`unknown operator "${op}"`);
  }

  #list(items: Expression[], frame: Frame | undefined): unknown[] {
    const list: unknown[] = [];
    for (const item of items) {
      if (item.t !== "spr") {
        list.push(this.value(item, frame));
        continue;
      }
      const spread = this.value(item.x, frame);
      if (!isList(spread) && typeof spread !== "string") throw new EvaluationError("only lists and text can be spread");
      this.#run.chargeList(list.length + spread.length);
      for (const part of spread) list.push(part);
    }
    return list;
  }

  #object(members: ObjectMember[], frame: Frame | undefined): Record<string, unknown> {
    const result = emptyObject();
    for (const member of members) {
      if (member.s) {
        this.#spreadInto(result, this.value(member.s, frame));
        continue;
      }
      const key = member.c ? toText(this.#run, this.value(member.c, frame)) : (member.k ?? "");
      result[key] = member.v ? this.value(member.v, frame) : undefined;
    }
    return result;
  }

  #spreadInto(result: Record<string, unknown>, source: unknown): void {
    if (!isPlainObject(source) && !isList(source) && typeof source !== "string") return;
    const entries = Object.entries(source as Record<string, unknown>);
    this.#run.chargeList(entries.length);
    for (const [key, value] of entries) result[key] = value;
  }

  #arrow(parameters: string[], body: Expression, frame: Frame | undefined): Callable {
    return new Callable((_run, args) => {
      let inner = frame;
      parameters.forEach((name, index) => {
        inner = { name, value: args[index], outer: inner };
      });
      return this.value(body, inner);
    });
  }

  #template(texts: string[], parts: Expression[], frame: Frame | undefined): string {
    let result = texts[0] ?? "";
    parts.forEach((part, index) => {
      result += toText(this.#run, this.value(part, frame)) + (texts[index + 1] ?? "");
      this.#run.chargeText(result.length);
    });
    return result;
  }
}

function isNullish(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function hasKey(key: string, object: unknown): boolean {
  if (!isList(object) && !isPlainObject(object)) throw new EvaluationError('"in" needs a list or an object');
  return Object.hasOwn(object, key);
}

// Operands are primitives here, so JavaScript's own operators do what the language says.
function operate(op: string, left: number, right: number): unknown {
  switch (op) {
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "**":
      return left ** right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      throw new EvaluationError(`unknown operator "${op}"`);
  }
}
