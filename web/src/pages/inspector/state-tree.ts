import { h, setText } from "../../dom.ts";
import type { Json } from "../../protocol.ts";

const kMaxChildren = 100;
const kMaxText = 200;

type Branch = Json[] | { [key: string]: Json };

function isBranch(value: Json | undefined): value is Branch {
  return typeof value === "object" && value !== null;
}

function entriesOf(value: Branch): [string, Json][] {
  return Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);
}

function summaryOf(value: Branch): string {
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  return Array.isArray(value) ? `list of ${count}` : `object of ${count}`;
}

function textOf(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > kMaxText ? `${text.slice(0, kMaxText)}…` : text;
}

function flash(element: HTMLElement): void {
  element.classList.remove("nx-flash");
  // Reading a length makes the browser see that the class was gone, so that the animation starts again.
  void element.offsetWidth;
  element.classList.add("nx-flash");
}

/** One name with its value; the value's own members are built when it is opened. */
class Node {
  readonly element = h("li", "nx-tree-node");
  readonly #name: string;
  readonly #note: string;
  #value: Json | undefined;
  #leaf: HTMLElement | undefined;
  #branch: { details: HTMLDetailsElement; summary: HTMLElement; members: Members } | undefined;

  constructor(name: string, value: Json, note: string) {
    this.#name = name;
    this.#note = note;
    this.#show(value);
  }

  /** Shows another value and, where it differs from what was shown, a flash. Equal parts are the same objects. */
  update(value: Json): void {
    if (value === this.#value) return;
    if (isBranch(value) === isBranch(this.#value)) {
      this.#value = value;
      if (isBranch(value)) this.#updateBranch(value);
      else this.#updateLeaf(value);
      return;
    }
    this.#show(value);
    flash(this.element);
  }

  #show(value: Json): void {
    this.#value = value;
    const name = h("span", "nx-tree-name", this.#name);
    const note = this.#note === "" ? undefined : h("span", "nx-tree-note", this.#note);
    if (!isBranch(value)) {
      this.#branch = undefined;
      this.#leaf = leafOf(value);
      this.element.replaceChildren(h("div", "nx-tree-line", name, this.#leaf, note));
      return;
    }
    this.#leaf = undefined;
    const summary = h("span", "nx-tree-summary", summaryOf(value));
    const members = new Members();
    const details = h("details", "nx-tree-branch", h("summary", "nx-tree-line", name, summary, note), members.element);
    details.addEventListener("toggle", () => {
      if (details.open && isBranch(this.#value)) members.update(this.#value);
    });
    this.#branch = { details, summary, members };
    this.element.replaceChildren(details);
  }

  #updateBranch(value: Branch): void {
    if (!this.#branch) return;
    const { details, summary, members } = this.#branch;
    setText(summary, summaryOf(value));
    if (details.open) members.update(value);
    else flash(summary);
  }

  #updateLeaf(value: Json): void {
    if (!this.#leaf) return;
    const fresh = leafOf(value);
    this.#leaf.replaceWith(fresh);
    this.#leaf = fresh;
    flash(fresh);
  }
}

function leafOf(value: Json): HTMLElement {
  const leaf = h("span", "nx-tree-value", textOf(value));
  leaf.dataset.type = value === null ? "null" : typeof value;
  return leaf;
}

/** The members of one list or object: at first no more than a screen or two. */
class Members {
  readonly element = h("ul", "nx-tree-members");
  readonly #nodes = new Map<string, Node>();
  readonly #notes: ReadonlyMap<string, string>;
  readonly #more = h("button", "nx-tree-more");
  #limit = kMaxChildren;
  #value: Branch = {};

  constructor(notes: ReadonlyMap<string, string> = new Map()) {
    this.#notes = notes;
    this.#more.type = "button";
    this.#more.addEventListener("click", () => {
      this.#limit += kMaxChildren;
      this.update(this.#value);
    });
  }

  update(value: Branch): void {
    this.#value = value;
    const entries = entriesOf(value);
    const shown = entries.slice(0, this.#limit);
    const names = new Set(shown.map(([name]) => name));
    for (const [name, node] of this.#nodes) {
      if (names.has(name)) continue;
      node.element.remove();
      this.#nodes.delete(name);
    }
    shown.forEach(([name, member], index) => this.#member(name, member, index));
    const left = entries.length - shown.length;
    setText(this.#more, `${left} more`);
    if (left > 0) this.element.append(this.#more);
    else this.#more.remove();
  }

  #member(name: string, value: Json, index: number): void {
    let node = this.#nodes.get(name);
    if (node) node.update(value);
    else {
      node = new Node(name, value, this.#notes.get(name) ?? "");
      this.#nodes.set(name, node);
    }
    const there = this.element.children[index];
    if (there !== node.element) this.element.insertBefore(node.element, there ?? null);
  }
}

/** The whole state. `notes` are shown beside the names, such as the declared types. */
export class StateTree {
  readonly element: HTMLElement;
  readonly #members: Members;

  constructor(notes: ReadonlyMap<string, string>) {
    this.#members = new Members(notes);
    this.element = this.#members.element;
    this.element.classList.add("nx-tree");
    this.element.setAttribute("aria-label", "State");
  }

  update(state: Readonly<Record<string, Json>>): void {
    this.#members.update(state as Branch);
  }
}
