import { Connection } from "./connection.ts";
import type { Panel } from "./context.ts";
import { styleSheet } from "./element.ts";
import { Owner } from "./owner.ts";
import type { Expression, Json, Prop, ViewNode } from "./protocol.ts";
import { renderView } from "./render/node.ts";
import { Store } from "./store.ts";
import { Toasts } from "./toast.ts";
import { ViewCommands } from "./view-commands.ts";
import { Writes } from "./writes.ts";

/** The view that the server resolved: every attribute has its value (docs/PROTOCOL.md, "Resolved view"). */
export interface ResolvedView {
  type: string;
  id?: string;
  props: Record<string, Json>;
  layout?: { colSpan: number; newRow?: boolean };
  children: ResolvedView[];
}

// What does not fit a miniature anyway.
const kMaxNodes = 80;

/**
 * A panel as it looked at one moment, drawn by its real components but without a connection: nothing in it moves or can be
 * used. The element must be inert and hidden from screen readers.
 */
export class Miniature {
  readonly element = document.createElement("nexus-miniature");
  readonly #view: Owner;

  constructor(view: ResolvedView) {
    const root = this.element.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styleSheet()];
    const place = document.createElement("div");
    root.append(place);
    const { node, state } = asDocument(view);
    const store = new Store();
    store.reset(state);
    this.#view = renderView(node, stillPanel(store, root), place);
  }

  dispose(): void {
    this.#view.dispose();
  }
}

// A panel that nothing ever reaches.
function stillPanel(state: Store, root: ShadowRoot): Panel {
  const never = new Connection("", { onMessage: () => {}, panelExists: () => Promise.resolve(true) });
  return {
    client: { trigger: () => Promise.reject(new Error("a miniature runs no tools")), status: { kind: "connecting" } },
    state,
    writes: new Writes(state, never),
    commands: new ViewCommands(),
    surface: { root, toasts: new Toasts(root), dev: false },
  };
}

// The first nodes as a document whose attributes read their values from a state made for them.
function asDocument(view: ResolvedView): { node: ViewNode; state: Record<string, Json> } {
  const state: Record<string, Json> = {};
  let nodes = 0;
  const keep = (value: Json): string => {
    const key = `value${Object.keys(state).length}`;
    state[key] = value;
    return key;
  };
  const propOf = (name: string, value: Json): Prop => {
    if (name === "bind" && typeof value === "object" && value !== null && "value" in value)
      return { root: "state", path: [keep(value["value"] ?? null)] };
    return typeof value === "string" ? value : { expr: stateKey(keep(value)) };
  };
  const nodeOf = ({ type, id, props, layout, children }: ResolvedView): ViewNode => {
    nodes++;
    const named = Object.entries(props).map(([name, value]) => [name, propOf(name, value)] as const);
    const shown: ViewNode[] = [];
    for (const child of children) if (nodes < kMaxNodes) shown.push(nodeOf(child));
    return { type, props: Object.fromEntries(named), children: shown, ...(id === undefined ? {} : { id }), ...(layout ? { layout } : {}) };
  };
  const node = nodeOf(view);
  return { node, state };
}

function stateKey(name: string): Expression {
  return { t: "mem", o: { t: "name", n: "$state" }, n: name };
}
