import { batch, effect, type ReadonlySignal, signal, untracked } from "@preact/signals-core";
import { Connection, type ConnectionState, kRemoved, TriggerError, type TriggerOptions } from "./connection.ts";
import { operationsOf } from "./patch.ts";
import type { AstResponse, Call, ExecutionResult, Json, PanelAst, PanelEvent, PatchOperation, Path, ServerMessage, ViewCommand } from "./protocol.ts";
import { panelAddress, Remote, SignInNeeded, type TokenSource } from "./remote.ts";
import { Store } from "./store.ts";
import { Writes } from "./writes.ts";

export interface ConnectOptions {
  token?: TokenSource | undefined;
}

export type Unsubscribe = () => void;
type Listener<T> = (value: T) => void;

/** A run that was started from here; what it says changes until the run has ended. Times in milliseconds since the epoch. */
export interface RunRecord {
  readonly tool: string;
  readonly args: Json | undefined;
  readonly startedAt: number;
  /** Empty while it waits for nothing. */
  waitsFor: readonly Call[];
  /** How it ended; or why it was not started, or what became of it is not known. Undefined while it lasts. */
  outcome: { result: ExecutionResult } | { refusal: string } | undefined;
}

/**
 * One panel without its view: follows the panel's state, runs its tools, hears its events. It connects at once and stays
 * connected, through any number of cuts, until close().
 */
export class PanelClient {
  /** @internal */ readonly remote: Remote;
  /** @internal */ readonly connection: Connection;
  /** @internal */ readonly store = new Store();
  /** @internal */ readonly writes: Writes;
  /** How many runs were started here that have not ended. @internal */ readonly running = signal(0);
  readonly #document = signal<PanelAst | undefined>(undefined);
  readonly #events = new Set<Listener<PanelEvent>>();
  readonly #commands = new Set<Listener<ViewCommand>>();
  readonly #errors = new Set<Listener<string>>();
  readonly #runs = new Set<Listener<RunRecord>>();
  readonly #ready = deferred();
  // Asked for together with the first connection.
  #firstDocument: Promise<AstResponse | undefined> | undefined;
  #epoch: string | undefined;
  #frameAsked = false;
  #catchingUp = false;

  constructor(src: string, options: ConnectOptions = {}) {
    this.remote = new Remote(panelAddress(src, document.baseURI), options.token);
    this.connection = new Connection(this.remote.socketUrl, {
      onMessage: (message) => this.#receive(message),
      beforeAnswer: () => this.store.flush(),
      panelExists: () => this.remote.exists(),
      ticket: () => this.remote.ticket(),
    });
    this.writes = new Writes(this.store, this.connection);
    effect(() => {
      const state = this.connection.state.value;
      if (state.kind === "closed") this.#ready.reject(new Error(state.reason));
    });
    void this.#open();
  }

  get id(): string {
    return this.remote.address.id;
  }

  /** Settles when the first state is here; rejects when the connection is closed before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** The panel's state as it is now; a copy of the top level, whose values must not be changed. */
  get state(): Readonly<Record<string, Json>> {
    this.store.flush();
    return this.store.snapshot();
  }

  /** The version of the panel that `state` shows; it rises by one with each change. -1 before the first state. */
  get version(): number {
    return this.connection.version;
  }

  get status(): ConnectionState {
    return this.connection.state.peek();
  }

  /** The panel's document; undefined until it is loaded. @internal */
  get document(): ReadonlySignal<PanelAst | undefined> {
    return this.#document;
  }

  /** Calls `listener` now and after each change of the key's value. */
  subscribe(key: string, listener: (value: Json | undefined) => void): Unsubscribe {
    return watch(() => this.store.read(key), listener);
  }

  /** Calls `listener` now and after each change of the state, with all of it. */
  subscribeAll(listener: (state: Readonly<Record<string, Json>>) => void): Unsubscribe {
    return watch(() => this.store.whole(), listener);
  }

  /** Calls `listener` now and after each change of the connection. */
  onStatus(listener: (status: ConnectionState) => void): Unsubscribe {
    return watch(() => this.connection.state.value, listener);
  }

  /** Calls `listener` for each event of this name that a handler emits; `*` is every event. */
  on(name: string, listener: (payload: Json, event: PanelEvent) => void): Unsubscribe {
    return added(this.#events, (event) => {
      if (name === "*" || name === event.name) listener(event.payload, event);
    });
  }

  /** What handlers command the view. @internal */
  onCommand(listener: Listener<ViewCommand>): Unsubscribe {
    return added(this.#commands, listener);
  }

  /** Errors that belong to no call. @internal */
  onError(listener: Listener<string>): Unsubscribe {
    return added(this.#errors, listener);
  }

  /**
   * Runs a tool and resolves to what its handler returned. Arguments: an object by name, a list by position, anything else
   * is the first. Rejects with TriggerError when the run failed, was not started, or its outcome was lost with the
   * connection.
   */
  async trigger(tool: string, args?: Json, options?: TriggerOptions): Promise<Json | undefined> {
    const { status, returnValue, error } = await this.run(tool, args, options);
    if (status === "error") throw new TriggerError(error?.code ?? "INTERNAL_ERROR", error?.message ?? "the run failed", error?.location);
    return returnValue;
  }

  /** As trigger(), but resolves to all that is known about the run, also when it failed. @internal */
  async run(tool: string, args?: Json, options?: TriggerOptions): Promise<ExecutionResult> {
    const record: RunRecord = { tool, args, startedAt: Date.now(), waitsFor: [], outcome: undefined };
    const note = (news: Partial<RunRecord>) => tell(this.#runs, Object.assign(record, news));
    const onProgress = (calls: Call[]) => {
      note({ waitsFor: calls });
      options?.onProgress?.(calls);
    };
    note({});
    this.running.value++;
    try {
      this.writes.flush();
      const result = await this.connection.trigger(tool, args, { ...options, onProgress });
      note({ waitsFor: [], outcome: { result } });
      return result;
    } catch (error) {
      note({ waitsFor: [], outcome: { refusal: error instanceof Error ? error.message : String(error) } });
      throw error;
    } finally {
      this.running.value--;
    }
  }

  /** Calls `listener` with each run that is started here: at once, when it waits for something, when it has ended. @internal */
  onRun(listener: Listener<RunRecord>): Unsubscribe {
    return added(this.#runs, listener);
  }

  /**
   * Writes one value of the state, as a bound input does: `path` is a key, or the steps to a place inside it. It shows at
   * once. Resolves when the server has it; rejects when the server refuses it, and the old value is back.
   */
  set(path: string | Path, value: Json): Promise<void> {
    return new Promise((resolve, reject) => {
      const outcome = { accepted: resolve, refused: (message: string) => reject(new Error(message)) };
      this.writes.set(typeof path === "string" ? [path] : path, value, outcome, 0);
    });
  }

  /** Connects anew at once, when an attempt is waiting for its turn. */
  retryNow(): void {
    this.connection.retryNow();
  }

  /** Ends the connection for good. */
  close(): void {
    this.connection.close("the page closed it");
  }

  async #open(): Promise<void> {
    try {
      if (!(await this.remote.exists())) return this.connection.close(kRemoved, "REMOVED");
      this.#firstDocument = this.remote.loadAst();
      this.#firstDocument.catch(() => {});
    } catch (error) {
      if (error instanceof SignInNeeded) return this.connection.close(error.message, "UNAUTHORIZED");
    }
    this.connection.open();
  }

  // The document can only change with the panel's epoch: after a restart or a reload of its source.
  async #loadDocument(epoch: string): Promise<void> {
    if (this.#epoch === epoch) return;
    const first = this.#firstDocument;
    this.#firstDocument = undefined;
    try {
      const early = await first?.catch(() => undefined);
      const response = early?.epoch === epoch ? early : await this.remote.loadAst();
      if (!response) return this.connection.close(kRemoved, "REMOVED");
      // Yet another document came meanwhile; the CONNECTED with its epoch is on its way.
      if (response.epoch !== epoch) return;
      this.#epoch = epoch;
      if (JSON.stringify(response.ast) !== JSON.stringify(this.#document.peek())) this.#document.value = response.ast;
      this.#ready.resolve();
    } catch {
      this.connection.restart();
    }
  }

  #receive(message: ServerMessage): void {
    // Whatever is not a patch must find what the patches before it said.
    if (message.type !== "PATCH") this.store.flush();
    switch (message.type) {
      case "CONNECTED":
        void this.#loadDocument(message.epoch);
        // The patches that were missed come next, and with them perhaps what became of our own writes.
        this.#catchingUp = !message.state;
        if (!message.state) return this.connection.ping();
        this.store.reset(message.state);
        this.writes.confirm();
        return this.#sendUnsent();
      case "PONG":
        if (!this.#catchingUp) return;
        this.#catchingUp = false;
        return this.#sendUnsent();
      case "PATCH":
        return this.#applyPatch(message.patch ?? operationsOf(message.mutations ?? []));
      case "EVENT":
        return tell(this.#events, message.event);
      case "VIEW":
        return message.commands.forEach((command) => tell(this.#commands, command));
      case "ERROR":
        if (message.requestId !== undefined && this.writes.refuse(message.requestId, message.message)) return;
        return tell(this.#errors, message.message);
      default:
        return;
    }
  }

  // Writes that nothing confirmed, then runs that waited for a connection. Both are sent once in each connection.
  #sendUnsent(): void {
    this.writes.resend();
    this.connection.sendWaiting();
  }

  // A thousand patches in a second are shown as sixty changes.
  #applyPatch(patch: readonly PatchOperation[]): void {
    try {
      this.store.stage(patch);
      // One batch, so that taking a draft off and the value it became is one change.
      batch(() => this.writes.confirm());
    } catch (error) {
      console.warn(error);
      return this.connection.resync();
    }
    if (this.#frameAsked) return;
    this.#frameAsked = true;
    beforeNextFrame(() => {
      this.#frameAsked = false;
      this.store.flush();
    });
  }
}

// Once per frame; a page that nobody sees has none.
function beforeNextFrame(body: () => void): void {
  if (document.hidden) setTimeout(body);
  else requestAnimationFrame(body);
}

/** Connects to a panel: `src` is its address, as in panelAddress(). Throws when it is none. */
export function connect(src: string, options?: ConnectOptions): PanelClient {
  return new PanelClient(src, options);
}

function watch<T>(read: () => T, listener: Listener<T>): Unsubscribe {
  return effect(() => {
    const value = read();
    untracked(() => guarded(listener, value));
  });
}

function added<T>(listeners: Set<Listener<T>>, listener: Listener<T>): Unsubscribe {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function tell<T>(listeners: Set<Listener<T>>, value: T): void {
  for (const listener of [...listeners]) guarded(listener, value);
}

// A page's own mistake must not stop the panel.
function guarded<T>(listener: Listener<T>, value: T): void {
  try {
    listener(value);
  } catch (error) {
    reportError(error);
  }
}

interface Deferred {
  promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function deferred(): Deferred {
  const result = {} as Deferred;
  result.promise = new Promise<void>((resolve, reject) => Object.assign(result, { resolve, reject }));
  // Nobody has to wait for it.
  result.promise.catch(() => {});
  return result;
}
