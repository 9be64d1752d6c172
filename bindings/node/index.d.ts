/** Settings of an engine. Unknown names and values out of range throw. */
export interface RuntimeConfig {
  /** Handlers that run at once, each on a thread of its own: 1 to 1024, default 10. */
  maxInstances?: number;
  /** Sandboxes made at the start and kept: at most maxInstances, default 2. */
  minInstances?: number;
  /** Runs that may wait for extensions; default 10,000. */
  maxSuspended?: number;
  /** Memory of one run: at least 1 MiB, default 32 MiB. */
  memoryLimitBytes?: number;
  /** Running time of one run in milliseconds, time spent suspended excluded: default 5000. */
  timeoutMs?: number;
  /** Default 1000. */
  maxHostCalls?: number;
  /** Default 1000. */
  maxStateMutations?: number;
  /** Default 100. */
  maxEvents?: number;
  /** Where compiled handlers are kept; none: in memory only. */
  cacheDir?: string;
  /** Secret of at least 32 bytes that seals cache files and precompiled handlers; default: one kept in cacheDir. */
  cacheKey?: string;
  /** Bytes of compiled handlers in memory, and again on disk; default 64 MiB. */
  maxCacheSizeBytes?: number;
  /** Whether errors carry position, snippet and stack; default false. */
  debug?: boolean;
  /** Accepted and without effect: the guest is always native code, and its features and stack are fixed. */
  enableAot?: boolean;
  enableSimd?: boolean;
  enableBulkMemory?: boolean;
  stackSizeBytes?: number;
}

/** Extensions a handler may call: methods by alias, with the name its `ext:` capability carries (default: the alias). */
export type ExtensionRegistry = Record<string, string[] | { methods: string[]; scope?: string }>;

interface ContextBase<V, O> {
  panelId?: string;
  handlerName?: string;
  state?: O;
  args?: V;
  scope?: O;
  /** Tokens such as "state:write:count"; none: nothing is allowed. */
  capabilities?: string[];
  extensionRegistry?: ExtensionRegistry;
}
export type Context = ContextBase<unknown, Record<string, unknown>>;
/** MessagePack in Buffers; an empty one is an empty map. */
export type PackedContext = ContextBase<Uint8Array, Uint8Array>;

export interface AsyncResult<V = unknown> {
  success: boolean;
  value?: V;
  /** Message of the Error that the handler sees. */
  error?: string;
  /** `code` of that Error. */
  code?: string;
  /** State that replaces what the run has seen so far, when others changed it meanwhile. */
  state?: V;
}

export interface Suspension<V = unknown[]> {
  suspensionId: string;
  extensionName: string;
  method: string;
  args: V;
}

export interface HandlerError {
  code: string;
  message: string;
  location?: { line: number; column: number; sourceSnippet?: string };
  stack?: string;
}

export interface Metrics {
  executionTimeUs: number;
  memoryUsedBytes: number;
  memoryPeakBytes: number;
  hostCalls: number;
  hostCallsByName: Record<string, number>;
  compilationTimeUs?: number;
  cacheHit: boolean;
}

interface ResultBase<A> {
  status: 'success' | 'error' | 'suspended';
  /** The same for all segments of a run. */
  executionId: string;
  logs: { level: 'debug' | 'info' | 'warn' | 'error'; message: string; timestamp: number }[];
  /** All open calls; each is answered once, in any order. */
  suspensions?: Suspension<A>[];
  /** The first of them. */
  suspension?: Suspension<A>;
  error?: HandlerError;
  metrics: Metrics;
}

/** What one segment of a run did. An error leaves no effects. */
export interface Result extends ResultBase<unknown[]> {
  returnValue?: unknown;
  stateMutations: { operation: 'set' | 'delete'; key: string; value?: unknown }[];
  events: { name: string; payload: unknown; timestamp: number }[];
  viewCommands: { type: string; componentId?: string; args: Record<string, unknown> }[];
}

/** The same with every value as MessagePack. */
export interface PackedResult extends ResultBase<Buffer> {
  returnValue?: Buffer;
  stateMutations: Buffer;
  events: Buffer;
  viewCommands: Buffer;
}

export interface Stats {
  totalExecutions: number;
  activeInstances: number;
  availableInstances: number;
  suspendedRuns: number;
  cacheHitRate: number;
  avgExecutionTimeUs: number;
  totalMemoryBytes: number;
}

/**
 * One engine: compiles handlers, runs each in a WebAssembly sandbox that starts from pristine memory, suspends it at
 * extension calls. Runs take place on threads of their own and never block the event loop. Errors of a handler are
 * results; a promise is rejected for a call that could not be made, with a `code` where there is one.
 */
export class NexusRuntime {
  constructor(config?: RuntimeConfig);
  init(): Promise<void>;

  execute(code: string, context: Context, timeoutMs?: number): Promise<Result>;
  executeCompiled(compiled: Uint8Array, context: Context, timeoutMs?: number): Promise<Result>;
  resume(suspensionId: string, result: AsyncResult): Promise<Result>;
  /** Forgets a suspended run, whose open calls become unknown; false when there is none of that id. */
  cancel(executionId: string): Promise<boolean>;
  /** An opaque blob, sealed with cacheKey; good for the same guest build and key. */
  precompile(code: string): Promise<Buffer>;

  executeHandler(code: string, context: PackedContext, timeoutMs?: number): Promise<PackedResult>;
  executeCompiledHandler(compiled: Uint8Array, context: PackedContext, timeoutMs?: number): Promise<PackedResult>;
  resumeHandler(suspensionId: string, result: AsyncResult<Uint8Array>): Promise<PackedResult>;
  precompileHandler(code: string): Promise<Buffer>;

  getStats(): Promise<Stats>;
  /** Prometheus text. */
  getPrometheusMetrics(): Promise<string>;
  getMetrics(): Promise<string>;

  /** Stops what runs and rejects what is under way; resolved when nothing is left. Later calls are rejected. */
  shutdown(): Promise<void>;

  /** The capability tokens a handler needs, read from its text. */
  static inferCapabilities(code: string): string[];

  execute_handler: NexusRuntime['executeHandler'];
  execute_compiled: NexusRuntime['executeCompiled'];
  execute_compiled_handler: NexusRuntime['executeCompiledHandler'];
  resume_handler: NexusRuntime['resumeHandler'];
  precompile_handler: NexusRuntime['precompileHandler'];
  get_stats: NexusRuntime['getStats'];
  get_prometheus_metrics: NexusRuntime['getPrometheusMetrics'];
  get_metrics: NexusRuntime['getMetrics'];
  static infer_capabilities: typeof NexusRuntime.inferCapabilities;
}

/** Says where warnings go; without it they are warnings of the process. */
export function init(options?: { onWarning?: (message: string) => void }): void;

/** SHA-256 of the guest build: compiled handlers are good for this build only. */
export const guestBuildHash: string;
