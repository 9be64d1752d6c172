// The shapes of docs/PROTOCOL.md: what nexusd sends to this client and what it sends back. Those of messages and bodies
// are made from protocol/schema.json (wire.ts); here are those of the document.

import type { DataType, Json, ToolInfo } from "./wire.ts";

export type {
  Approval, ArgInfo, AstResponse, Call, CheckReport, ClientMessage, DataType, Diagnostic, ExecutionResult, Fault, FaultList,
  FaultSummary, HandlerNeeds, History, HistoryEntry, Json,
  Mutation, PanelEvent, PanelInfo, PanelList, PatchMessage, PatchOperation, Path, ServerMessage, ToolInfo, ViewCommand,
} from "./wire.ts";

export type Expression =
  | { t: "lit"; v?: null | boolean | number | string }
  | { t: "name"; n: string }
  | { t: "mem"; o: Expression; n: string; q?: true }
  | { t: "idx"; o: Expression; i: Expression; q?: true }
  | { t: "call"; c: Expression; a: Expression[]; q?: true }
  | { t: "un"; op: string; x: Expression }
  | { t: "bin"; op: string; l: Expression; r: Expression }
  | { t: "log"; op: string; l: Expression; r: Expression }
  | { t: "if"; c: Expression; y: Expression; n: Expression }
  | { t: "arr"; e: Expression[] }
  | { t: "obj"; e: ObjectMember[] }
  | { t: "fn"; p: string[]; b: Expression }
  | { t: "tpl"; s: string[]; e: Expression[] }
  | { t: "spr"; x: Expression }
  | { t: "par"; x: Expression };

// Named, computed or spread: exactly one of k, c and s is there.
export interface ObjectMember {
  k?: string;
  c?: Expression;
  v?: Expression;
  s?: Expression;
}

export interface Binding {
  expr: Expression;
  source?: string;
}
export interface Template {
  template: (string | Binding)[];
}
export interface BindPath {
  path: string[];
  root: "state" | "scope";
}
export type Prop = string | Binding | Template | BindPath;

/** Where in the NXML document something stands; counted from 1. */
export interface SourceSpan {
  startLine: number;
  startColumn: number;
}

export interface ViewNode {
  type: string;
  loc?: SourceSpan;
  id?: string;
  props: Record<string, Prop>;
  children: ViewNode[];
  layout?: { colSpan: number; newRow?: boolean };
}

export interface PanelAst {
  kind: "NexusPanel";
  meta: { title: string; description?: string; id?: string };
  data: {
    states: { name: string; type: DataType; default?: Json }[];
    computed: { name: string; value: string; expr?: Expression }[];
  };
  logic: { tools: ToolInfo[]; extensions?: { name: string; alias: string }[] };
  view: { root: ViewNode };
}

export function isBinding(prop: Prop | undefined): prop is Binding {
  return typeof prop === "object" && "expr" in prop;
}
export function isTemplate(prop: Prop | undefined): prop is Template {
  return typeof prop === "object" && "template" in prop;
}
export function isBindPath(prop: Prop | undefined): prop is BindPath {
  return typeof prop === "object" && "path" in prop;
}
