// A small parser from expression text to the trees of docs/PROTOCOL.md, so that tests can be read. The real one is
// the server's; this one trusts its input.

import type { Expression, ObjectMember } from "../src/protocol.ts";

const kToken =
  /\s*(?:(0x[\da-f]+|(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)|([A-Za-z_$][\w$]*)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(`)|(=>|\?\.(?!\d)|\.\.\.|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\*\*|[-+*/%<>!?:.,()[\]{}]))/y;

const kLevels: Record<string, number> = {
  "??": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "===": 4, "!==": 4, "<": 5, ">": 5, "<=": 5, ">=": 5, in: 5,
  "+": 6, "-": 6, "*": 7, "/": 7, "%": 7, "**": 8,
};

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): Expression {
    const result = this.expression();
    if (this.#source.slice(this.#at).trim() !== "") throw new Error(`rest: ${this.#source.slice(this.#at)}`);
    return result;
  }

  #match(): RegExpExecArray | null {
    kToken.lastIndex = this.#at;
    return kToken.exec(this.#source);
  }

  #peek(): string | undefined {
    return this.#match()?.[0].trim();
  }

  #take(expected?: string): string {
    const match = this.#match();
    const token = match?.[0].trim();
    if (!match || token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`expected ${expected ?? "a token"} at ${this.#source.slice(this.#at)}`);
    this.#at += match[0].length;
    return token;
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#take();
    return true;
  }

  expression(): Expression {
    const arrow = this.#arrow();
    if (arrow) return arrow;
    const condition = this.#binary(0);
    if (!this.#accept("?")) return condition;
    const y = this.expression();
    this.#take(":");
    return { t: "if", c: condition, y, n: this.expression() };
  }

  #arrow(): Expression | undefined {
    const head = /^\s*(?:\(([\w$,\s]*)\)|([\w$]+))\s*=>/.exec(this.#source.slice(this.#at));
    if (!head) return undefined;
    this.#at += head[0].length;
    const names = (head[1] ?? head[2] ?? "").split(",").map((name) => name.trim());
    return { t: "fn", p: names.filter((name) => name !== ""), b: this.expression() };
  }

  #binary(level: number): Expression {
    let left = this.#unary();
    for (;;) {
      const op = this.#peek() ?? "";
      const own = kLevels[op];
      if (own === undefined || own <= level) return left;
      this.#take();
      const right = this.#binary(op === "**" ? own - 1 : own);
      left = { t: own <= 3 ? "log" : "bin", op, l: left, r: right };
    }
  }

  #unary(): Expression {
    const op = this.#peek() ?? "";
    if (!["!", "-", "+", "typeof"].includes(op)) return this.#postfix();
    this.#take();
    return { t: "un", op, x: this.#unary() };
  }

  #postfix(): Expression {
    let node = this.#primary();
    for (;;) {
      const q: { q?: true } = this.#accept("?.") ? { q: true } : {};
      if (this.#accept("[")) {
        node = { t: "idx", o: node, i: this.expression(), ...q };
        this.#take("]");
      } else if (this.#accept("(")) node = { t: "call", c: node, a: this.#items(")"), ...q };
      else if (q.q || this.#accept(".")) node = { t: "mem", o: node, n: this.#take(), ...q };
      else return node;
    }
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#accept(end)) {
      items.push(this.#accept("...") ? { t: "spr", x: this.expression() } : this.expression());
      if (this.#peek() !== end) this.#take(",");
    }
    return items;
  }

  #primary(): Expression {
    const match = this.#match();
    const token = this.#take();
    if (match?.[1] !== undefined) return { t: "lit", v: Number(token) };
    if (match?.[3] !== undefined) return { t: "lit", v: new Function(`return ${token}`)() as string };
    if (token === "`") return this.#template();
    if (token === "[") return { t: "arr", e: this.#items("]") };
    if (token === "{") return { t: "obj", e: this.#members() };
    if (token === "(") {
      const x = this.expression();
      this.#take(")");
      return { t: "par", x };
    }
    if (token === "true" || token === "false") return { t: "lit", v: token === "true" };
    if (token === "null") return { t: "lit", v: null };
    return { t: "name", n: token };
  }

  #members(): ObjectMember[] {
    const members: ObjectMember[] = [];
    while (!this.#accept("}")) {
      members.push(this.#member());
      if (this.#peek() !== "}") this.#take(",");
    }
    return members;
  }

  #member(): ObjectMember {
    if (this.#accept("...")) return { s: this.expression() };
    if (this.#accept("[")) {
      const c = this.expression();
      this.#take("]");
      this.#take(":");
      return { c, v: this.expression() };
    }
    const token = this.#take();
    const k = /^["']/.test(token) ? (new Function(`return ${token}`)() as string) : token;
    if (!this.#accept(":")) return { k, v: { t: "name", n: k } };
    return { k, v: this.expression() };
  }

  // One character of a template, or an escape for one.
  #character(): string {
    const escape = /^\\./.exec(this.#source.slice(this.#at))?.[0];
    this.#at += escape ? 2 : 1;
    return escape ? (new Function(`return "${escape}"`)() as string) : (this.#source[this.#at - 1] ?? "");
  }

  #template(): Expression {
    const s: string[] = [""];
    const e: Expression[] = [];
    while (this.#source[this.#at] !== "`") {
      if (this.#source.startsWith("${", this.#at)) {
        this.#at += 2;
        e.push(this.expression());
        this.#take("}");
        s.push("");
      } else s.push(`${s.pop()}${this.#character()}`);
    }
    this.#at++;
    return { t: "tpl", s, e };
  }
}

export function parse(source: string): Expression {
  return new Parser(source).whole();
}
