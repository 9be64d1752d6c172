// Made by script/generate_protocol from protocol/schema.json; do not edit.

import type { ErrorCode } from "./error-codes.ts";
import type { PanelAst } from "./protocol.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Counts the segments that changed the panel's state. */
export type Version = number;

/** Milliseconds since the Unix epoch. */
export type Timestamp = number;

/** Chosen by the client; answers repeat it. */
export type RequestId = string;

/** Every State and Computed by name. */
export type State = Record<string, Json>;

/** A change of one whole key. */
export type Mutation = { operation: "set"; key: string; value: Json } | { operation: "delete"; key: string };

/** JSON Patch (RFC 6902) over the state. */
export type PatchOperation = { op: "add" | "replace"; path: string; value: Json } | { op: "remove"; path: string };

export interface PanelEvent {
  name: string;
  payload: Json;
  timestamp: Timestamp;
}

export interface ViewCommand {
  type: string;
  componentId?: string;
  args: Json;
}

/** A call of an extension that a run waits for. */
export interface Call {
  id: string;
  extension: string;
  method: string;
  progress?: Json;
}

/** A question that a run waits to have answered. Status, who and why are in events only. */
export interface Approval {
  id: string;
  executionId: string;
  title: string;
  description?: string;
  data?: Json;
  requestedAt: Timestamp;
  deadline: Timestamp;
  status?: "open" | "approved" | "rejected" | "expired" | "cancelled";
  by?: string;
  comment?: string;
}

export interface Location {
  line: number;
  column: number;
}

/** Why a run failed. The last three only with DEBUG_ERRORS. */
export interface RunError {
  code: ErrorCode;
  message: string;
  location?: Location;
  snippet?: {
    code: string;
    highlightLine: number;
  };
  stack?: string;
}

export interface RunMetrics {
  durationUs: number;
  memoryUsedBytes: number;
  memoryPeakBytes: number;
  hostCalls: Record<string, number>;
  compilationTimeUs?: number;
  cacheHit: boolean;
}

/** A call that a capability was missing for; its handler may have caught the error. */
export interface Denial {
  operation: string;
  token: string;
  times: number;
}

/** How a run ended, all its segments together. Changes of state come in one of two forms. */
export interface ExecutionResult {
  executionId: string;
  status: "success" | "error";
  returnValue?: Json;
  stateMutations?: Mutation[];
  statePatch?: PatchOperation[];
  events: PanelEvent[];
  viewCommands: ViewCommand[];
  error?: RunError;
  denials?: Denial[];
  metrics: RunMetrics;
}

export type Topic = "state" | "events" | "view";

/** Keys and list positions, from the root of the state. */
export type Path = (string | number)[];

/** Runs a tool. */
export interface TriggerMessage {
  type: "TRIGGER";
  tool: string;
  args?: Json;
  requestId?: RequestId;
}

/** Writes one value. */
export interface SetMessage {
  type: "SET";
  path: Path;
  value: Json;
  requestId?: RequestId;
}

/** Asks for topics and keys. */
export interface SubscribeMessage {
  type: "SUBSCRIBE";
  topics?: Topic[];
  keys?: string[];
  requestId?: RequestId;
}

/** Gives up topics and keys. */
export interface UnsubscribeMessage {
  type: "UNSUBSCRIBE";
  topics?: Topic[];
  keys?: string[];
  requestId?: RequestId;
}

/** Asks for a PONG. */
export interface PingMessage {
  type: "PING";
}

export type ClientMessage =
  | TriggerMessage
  | SetMessage
  | SubscribeMessage
  | UnsubscribeMessage
  | PingMessage;

/** The first message. Without a state the client keeps what it has, and the patches it missed follow. */
export interface ConnectedMessage {
  type: "CONNECTED";
  panelId: string;
  version: Version;
  epoch: string;
  resumed?: boolean;
  state?: State;
}

/** A segment changed state, or several did: those after version `from`. */
export interface PatchMessage {
  type: "PATCH";
  version: Version;
  from?: Version;
  mutations?: Mutation[];
  patch?: PatchOperation[];
  timestamp: Timestamp;
}

/** A handler emitted an event. */
export interface EventMessage {
  type: "EVENT";
  version: Version;
  event: PanelEvent;
}

/** A handler commanded the view. */
export interface ViewMessage {
  type: "VIEW";
  version: Version;
  commands: ViewCommand[];
}

/** The run waits for these calls; to whoever triggered it. */
export interface ProgressMessage {
  type: "PROGRESS";
  version: Version;
  requestId?: RequestId;
  executionId: string;
  status: "suspended";
  calls: Call[];
}

/** The run has ended; to whoever triggered it. */
export interface ResultMessage {
  type: "RESULT";
  version: Version;
  requestId?: RequestId;
  result: ExecutionResult;
}

/** The message was bad, or became no run. */
export interface ErrorMessage {
  type: "ERROR";
  version: Version;
  requestId?: RequestId;
  code: ErrorCode;
  message: string;
}

/** Answers PING. */
export interface PongMessage {
  type: "PONG";
  version: Version;
}

export type ServerMessage =
  | ConnectedMessage
  | PatchMessage
  | EventMessage
  | ViewMessage
  | ProgressMessage
  | ResultMessage
  | ErrorMessage
  | PongMessage;

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

export interface TriggerInfo {
  tool: string;
  type: "manual" | "interval" | "cron" | "event" | "state_change";
  runs: number;
  skipped: number;
  lastRunAt?: string;
  nextRunAt?: string;
  error?: RunError;
}

export interface PanelInfo {
  id: string;
  title: string;
  description?: string;
  tags?: string[];
  status: "running" | "suspended";
  version: Version;
  epoch: string;
  tools: ToolInfo[];
  triggers?: TriggerInfo[];
  createdAt: string;
  lastActivity: string;
  clientCount: number;
  mountError?: RunError;
}

export interface PanelList {
  panels: PanelInfo[];
  total: number;
  nextCursor?: string;
}

export interface CreatePanel {
  source: string;
  panelId?: string;
  initialState?: State;
  durability?: "commit" | "async" | "none";
  grants?: string[];
  extensions?: Record<string, Record<string, Json>>;
  preview?: boolean;
}

export interface CreatedPanel {
  id: string;
  status: "running" | "suspended";
  wsUrl: string;
  state: State;
}

export interface WaitingRun {
  executionId: string;
  status: "suspended";
}

export type Execution =
  | ExecutionResult
  | WaitingRun;

export interface AcceptedRun {
  executionId: string;
  status: "success" | "error" | "suspended";
}

/** A segment that took place, without a tool a SET; or, with an error, a run that failed. */
export interface HistoryEntry {
  sequence: number;
  version: Version;
  at: string;
  durationUs: number;
  actor?: string;
  tool?: string;
  executionId?: string;
  args?: Json;
  mutations: Mutation[];
  events: PanelEvent[];
  error?: RunError;
}

export interface History {
  entries: HistoryEntry[];
  nextBefore?: number;
}

export interface ApprovalList {
  approvals: Approval[];
}

export interface Decision {
  approved: boolean;
  comment?: string;
}

export interface Decided {
  approved: boolean;
  by: string;
  comment: string;
  decidedAt: Timestamp;
}

/** What is wrong where; lines and columns count from 1, columns in code points, ends are exclusive. */
export interface Diagnostic {
  severity: "error" | "warning";
  code: string;
  message: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** The capabilities that a handler needs, and what its tool declares. */
export interface HandlerNeeds {
  handler: string;
  needs: ({
    token: string;
    line: number;
    column: number;
  })[];
  declared?: string[];
}

export interface CheckReport {
  valid: boolean;
  diagnostics: Diagnostic[];
  handlers: HandlerNeeds[];
}

/** A document that should be a panel and does not load. Without a file it is of the store. */
export interface FaultSummary {
  id: string;
  file?: string;
  running: boolean;
  errors: number;
  first?: string;
}

export interface FaultList {
  faults: FaultSummary[];
}

/** One with all that is wrong; the source is empty when it cannot be read. */
export interface Fault {
  id: string;
  file?: string;
  running: boolean;
  diagnostics: Diagnostic[];
  source: string;
}

export interface AstResponse {
  epoch: string;
  version: Version;
  ast: PanelAst;
}

export interface ResolvedNode {
  type: string;
  id?: string;
  props: Record<string, Json>;
  layout: {
    colSpan: number;
    newRow?: boolean;
  };
  children: ResolvedNode[];
}

export interface ViewResponse {
  epoch: string;
  version: Version;
  root: ResolvedNode;
  diagnostics: ({
    line: number;
    column: number;
    message: string;
  })[];
}

export interface TicketRequest {
  panel?: string;
}

export interface Ticket {
  ticket: string;
  expiresInMs: number;
}

/** What the process gave up once it had started; docs/SECURITY.md. */
export interface Sandbox {
  noNewPrivs: boolean;
  landlock: number;
  seccomp: boolean;
  missing: string[];
  mode: "strict" | "off";
}

export interface RecentRun {
  at: Timestamp;
  panel: string;
  workspace: string;
  handler: string;
  run: string;
  runningMs: number;
  code?: ErrorCode;
  message?: string;
}

export interface AdminStatus {
  version: string;
  uptimeMs: number;
  ready: boolean;
  connections: number;
  panels: {
    total: number;
    list: ({
      workspace: string;
      id: string;
      title: string;
      status: "running" | "suspended";
      version: Version;
      clientCount: number;
      lastActivity: string;
    })[];
  };
  pool: Record<string, number>;
  runs: Record<string, number>;
  recent: {
    slow: RecentRun[];
    failed: RecentRun[];
  };
  sandbox: Sandbox;
}

export interface Health {
  status: "healthy" | "unhealthy";
  version: string;
  uptime: number;
  panels: {
    active: number;
    failed: number;
  };
  runtime: Record<string, number>;
  sandbox?: Sandbox;
}

export interface ProbeStatus {
  status: "alive" | "ready";
}

/** Every answer from 400 on. */
export interface ErrorBody {
  error: {
    code: ErrorCode;
    message: string;
    details?: Record<string, Json>;
  };
}

/** Why the server closes a socket (RFC 6455 section 7.4). */
export const closeCodes = {
  /** the panel was destroyed, or the client said so */
  normal: 1000,
  /** the server is shutting down */
  goingAway: 1001,
  /** a text message on a binary subprotocol, or the reverse */
  unsupportedData: 1003,
  /** too many pings or pongs */
  policyViolation: 1008,
  /** the client reads too slowly: reconnect */
  tryAgainLater: 1013,
  /** the token that opened the socket has expired */
  tokenExpired: 4401,
} as const;
