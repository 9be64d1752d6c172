import { type Signal, batch, signal, untracked } from "@preact/signals-core";
import { itemPath, listPlace } from "../bindpath.ts";
import type { Context, Props } from "../context.ts";
import { h } from "../dom.ts";
import { type Key, keysOf, staying } from "../keyed.ts";
import type { Owner } from "../owner.ts";
import { type ViewNode, isBinding } from "../protocol.ts";
import { Scope } from "../scope.ts";
import type { Component } from "./node.ts";
import { renderChildren } from "./node.ts";

// More rows than anybody reads; beyond this the page itself would become slow.
const kMaxRows = 10_000;

interface Row {
  item: Signal<unknown>;
  index: Signal<number>;
  elements: HTMLElement[];
  owner: Owner;
}

/** Iterate: one copy of its children per item; a row keeps its elements, focus and caret while its key stays. */
export const renderIterate: Component = (node, props, context) => {
  const element = h("div", "nx-flow nx-list");
  const note = h("p", "nx-empty");
  const keyName = props.raw("key");
  const rows = new RowList(node, props, context, element);
  context.owner.effect(() => {
    const items = props.value("items");
    const list = Array.isArray(items) ? items : [];
    const shown = list.slice(0, kMaxRows);
    untracked(() => batch(() => rows.update(shown, keysOf(shown, typeof keyName === "string" ? keyName : undefined))));
    note.textContent = noteFor(Array.isArray(items), list.length, props);
    note.classList.toggle("nx-empty-default", list.length === 0 && !props.has("empty"));
    if (note.textContent) element.append(note);
    else note.remove();
  });
  return { element };
};

function noteFor(isList: boolean, length: number, props: Props): string {
  if (isList && length === 0) return props.text("empty", "Nothing here yet");
  return length > kMaxRows ? `${length - kMaxRows} more are not shown` : "";
}

class RowList {
  readonly #node: ViewNode;
  readonly #context: Context;
  readonly #element: HTMLElement;
  readonly #as: string;
  readonly #place: ReturnType<typeof listPlace>;
  #keys: Key[] = [];
  #rows = new Map<Key, Row>();

  constructor(node: ViewNode, props: Props, context: Context, element: HTMLElement) {
    this.#node = node;
    this.#context = context;
    this.#element = element;
    const as = props.raw("as");
    this.#as = typeof as === "string" ? as : "item";
    const items = props.raw("items");
    this.#place = isBinding(items) ? listPlace(items.expr, context.scope) : undefined;
  }

  update(items: readonly unknown[], keys: Key[]): void {
    // Most patches change what is in the rows, not which there are.
    if (keys.length === this.#keys.length && keys.every((key, at) => key === this.#keys[at])) {
      let at = 0;
      for (const row of this.#rows.values()) row.item.value = items[at++];
      return;
    }
    const rows = new Map<Key, Row>();
    keys.forEach((key, index) => rows.set(key, this.#rowFor(key, items[index], index)));
    for (const [key, row] of this.#rows) if (!rows.has(key)) remove(row);
    keepingFocus(this.#element, () => this.#arrange(keys, rows));
    this.#rows = rows;
    this.#keys = keys;
  }

  #rowFor(key: Key, item: unknown, index: number): Row {
    const known = this.#rows.get(key);
    if (known) {
      known.item.value = item;
      known.index.value = index;
      return known;
    }
    return this.#create(signal(item), signal(index));
  }

  #create(item: Signal<unknown>, index: Signal<number>): Row {
    const { panel, scope } = this.#context;
    const owner = this.#context.owner.child();
    const path = () => itemPath(this.#place, item.peek(), index.peek(), (key) => panel.state.read(key));
    const context = { ...this.#context, owner, scope: new Scope(scope, this.#as, item, index, path) };
    return { item, index, owner, elements: renderChildren(this.#node, context) };
  }

  // From the end to the front, so that the element each row goes before is already in its place.
  #arrange(keys: Key[], rows: Map<Key, Row>): void {
    const stay = staying(this.#keys, keys);
    let next: HTMLElement | null = null;
    for (let at = keys.length - 1; at >= 0; at--) {
      const elements = rows.get(keys[at] ?? "")?.elements ?? [];
      if (!stay.has(at)) for (const element of elements) move(this.#element, element, next);
      next = elements[0] ?? next;
    }
  }
}

function remove(row: Row): void {
  row.owner.dispose();
  for (const element of row.elements) element.remove();
}

// Where elements cannot be moved as they are, the focus and the caret are put back.
function keepingFocus(parent: HTMLElement, arrange: () => void): void {
  const root = parent.getRootNode();
  const active = root instanceof ShadowRoot || root instanceof Document ? root.activeElement : null;
  const field = active instanceof HTMLInputElement && parent.contains(active) ? active : undefined;
  const caret = field && ([field.selectionStart, field.selectionEnd] as const);
  arrange();
  if (!(active instanceof HTMLElement) || !parent.contains(active) || active.matches(":focus")) return;
  active.focus({ preventScroll: true });
  if (field && caret) field.setSelectionRange(...caret);
}

// Moving with moveBefore keeps focus, caret and running animations; older browsers lose them.
function move(parent: HTMLElement, element: HTMLElement, before: HTMLElement | null): void {
  const mover = parent as HTMLElement & { moveBefore?: (node: Node, before: Node | null) => void };
  if (element.parentNode === parent && mover.moveBefore) mover.moveBefore(element, before);
  else parent.insertBefore(element, before);
}
