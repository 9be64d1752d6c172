// The shapes of docs/PROTOCOL.md: what nexusd sends to this client and what it sends back.

import type { ErrorCode } from "./error-codes.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

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

export type DataType = "string" | "number" | "boolean" | "list" | "object";

export interface ArgInfo {
  name: string;
  type: DataType;
  required: boolean;
  default?: Json;
  description?: string;
}
export interface ToolInfo {
  name: string;
  description?: string;
  args: ArgInfo[];
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

export interface AstResponse {
  epoch: string;
  version: number;
  ast: PanelAst;
}

export interface PanelInfo {
  id: string;
  title: string;
  description?: string;
  tags?: string[];
  status: "running" | "suspended";
  version: number;
  epoch: string;
  tools: ToolInfo[];
  triggers?: { tool: string; type: string; error?: { code: string; message: string } }[];
  mountError?: { code: string; message: string };
  createdAt: string;
  lastActivity: string;
  clientCount: number;
}
export interface PanelList {
  panels: PanelInfo[];
  total: number;
  nextCursor?: string;
}

/** What POST /check finds; lines and columns count from 1, columns in code points, ends are exclusive. */
export interface Diagnostic {
  severity: "error" | "warning";
  code: string;
  message: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}
export interface HandlerNeeds {
  handler: string;
  needs: { token: string; line: number; column: number }[];
  declared?: string[];
}
export interface CheckReport {
  valid: boolean;
  diagnostics: Diagnostic[];
  handlers: HandlerNeeds[];
}

// RFC 6902; the path is a JSON Pointer into the state.
export type PatchOperation =
  | { op: "add" | "replace"; path: string; value: Json }
  | { op: "remove"; path: string };
export type Mutation = { operation: "set"; key: string; value: Json } | { operation: "delete"; key: string };
export interface PanelEvent {
  name: string;
  payload: Json;
  timestamp: number;
}
export interface ViewCommand {
  type: string;
  componentId?: string;
  args: Json;
}
export interface ExecutionResult {
  executionId: string;
  status: "success" | "error";
  returnValue?: Json;
  error?: { code: ErrorCode; message: string; location?: { line: number; column: number } };
  metrics?: { durationUs: number; memoryPeakBytes: number; hostCalls: Record<string, number> };
}
export interface Call {
  id: string;
  extension: string;
  method: string;
  // How far it is, as the extension last said; of nexus.http in bytes.
  progress?: Json;
}
/** A question that a run waits to have answered; times in milliseconds since the epoch. */
export interface Approval {
  id: string;
  executionId: string;
  title: string;
  description?: string;
  data?: Json;
  requestedAt: number;
  deadline: number;
  // In events only.
  status?: "open" | "approved" | "rejected" | "expired" | "cancelled";
  by?: string;
  comment?: string;
}

export type Path = (string | number)[];

export type ClientMessage =
  | { type: "TRIGGER"; tool: string; args?: Json; requestId: string }
  | { type: "SET"; path: Path; value: Json; requestId: string }
  | { type: "PING" };

export type ServerMessage =
  // Without `state` (then `resumed` is true) the client keeps what it has, and the patches it missed follow.
  | { type: "CONNECTED"; version: number; panelId: string; epoch: string; state?: Record<string, Json> }
  // This client asks for `patch`; what it missed during a cut may come as whole keys.
  | { type: "PATCH"; version: number; patch?: PatchOperation[]; mutations?: Mutation[]; timestamp: number }
  | { type: "EVENT"; version: number; event: PanelEvent }
  | { type: "VIEW"; version: number; commands: ViewCommand[] }
  | { type: "PROGRESS"; version: number; requestId?: string; executionId: string; status: "suspended"; calls: Call[] }
  | { type: "RESULT"; version: number; requestId?: string; result: ExecutionResult }
  | { type: "ERROR"; version: number; code: ErrorCode; message: string; requestId?: string }
  | { type: "PONG"; version: number };

export function isBinding(prop: Prop | undefined): prop is Binding {
  return typeof prop === "object" && "expr" in prop;
}
export function isTemplate(prop: Prop | undefined): prop is Template {
  return typeof prop === "object" && "template" in prop;
}
export function isBindPath(prop: Prop | undefined): prop is BindPath {
  return typeof prop === "object" && "path" in prop;
}
