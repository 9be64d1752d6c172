import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Call, ClientMessage, ExecutionResult, Json, PatchMessage, Path, ServerMessage } from "./protocol.ts";
import { SignInNeeded } from "./remote.ts";

export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "live" }
  // retryAt: milliseconds since the epoch, when the next attempt starts.
  | { kind: "waiting"; retryAt: number }
  // The browser itself is offline; it tells when that ends.
  | { kind: "offline" }
  // No attempt follows: the panel is gone, the server wants another token, or close() was called.
  | { kind: "closed"; code: CloseCode; reason: string };

export type CloseCode = "REMOVED" | "UNAUTHORIZED" | "CLOSED";

/** A run that failed, could not be started, or whose outcome this page cannot learn. */
export class TriggerError extends Error {
  readonly code: string;
  /** Where in the NXML document a handler failed, when the server tells. */
  readonly location: { line: number; column: number } | undefined;

  constructor(code: string, message: string, location?: { line: number; column: number }) {
    super(message);
    this.name = "TriggerError";
    this.code = code;
    this.location = location;
  }
}

export interface ConnectionHandlers {
  /** Every message that is not the answer to a trigger, in order. */
  onMessage(message: ServerMessage): void;
  /** Called before the answer to a trigger is handed on: whoever asked must find what came before it. */
  beforeAnswer?(): void;
  /** Whether the panel still exists; asked after an attempt failed. */
  panelExists(): Promise<boolean>;
  /** What each attempt shows to the server; undefined for nothing. Absent: nothing ever. */
  ticket?(): Promise<string | undefined>;
}

export interface TriggerOptions {
  /** Hears what the run waits for, at each of its suspensions. */
  onProgress?: ((calls: Call[]) => void) | undefined;
  /** What to do while there is no connection: reject with OFFLINE (the default), or run once it is back. */
  whenOffline?: OfflineChoice | undefined;
}
export type OfflineChoice = "refuse" | "queue";

interface Pending {
  resolve: (result: ExecutionResult) => void;
  reject: (error: TriggerError) => void;
  onProgress: ((calls: Call[]) => void) | undefined;
  // Set until it is sent.
  message: ClientMessage | undefined;
}

const kFirstRetryMs = 500;
const kLongestRetryMs = 30_000;
const kPingEveryMs = 25_000;
const kSilenceMs = 35_000;
const kMaxPending = 1000;
const kNormalClosure = 1000;
export const kRemoved = "the panel was removed";

/** How long to wait before attempt number `attempt` (0 first); `random` in [0,1) spreads a herd of clients. */
export function retryDelay(attempt: number, random: number): number {
  const longest = Math.min(kLongestRetryMs, kFirstRetryMs * 2 ** Math.min(attempt, 16));
  return Math.round(longest * (0.5 + random / 2));
}

// A server that shuts down spreads its clients itself; see docs/PROTOCOL.md.
function askedPause(reason: string): number | undefined {
  const asked = /reconnect in (\d{1,6}) ms$/.exec(reason)?.[1];
  return asked === undefined ? undefined : Math.min(Number(asked), kLongestRetryMs);
}

/**
 * The page's socket to its panel: connects, notices silence, reconnects with growing, jittered pauses, and
 * matches results to the triggers that asked for them.
 * @internal
 */
export class Connection {
  readonly #url: string;
  readonly #handlers: ConnectionHandlers;
  readonly #state = signal<ConnectionState>({ kind: "connecting" });
  readonly #pending = new Map<string, Pending>();
  #socket: WebSocket | undefined;
  #attempt = 0;
  // Counts the times a socket was asked for: an answer to an older one comes too late.
  #dialled = 0;
  // What of the panel's history is here; the next connection asks for the rest only.
  #epoch: string | undefined;
  #version = -1;
  #nextRequest = 1;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;

  constructor(url: string, handlers: ConnectionHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  get state(): ReadonlySignal<ConnectionState> {
    return this.#state;
  }

  /** The version of the panel that is here; -1 before the first snapshot. */
  get version(): number {
    return this.#version;
  }

  /** Connects, and from then on stays connected until close(). */
  open(): void {
    addEventListener("online", this.retryNow);
    addEventListener("offline", this.#wentOffline);
    document.addEventListener("visibilitychange", this.#becameVisible);
    this.#connect();
  }

  /** Ends it for good; `reason` is shown to the user. */
  close(reason: string, code: CloseCode = "CLOSED"): void {
    removeEventListener("online", this.retryNow);
    removeEventListener("offline", this.#wentOffline);
    document.removeEventListener("visibilitychange", this.#becameVisible);
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#state.value = { kind: "closed", code, reason };
    this.#reject(() => true, new TriggerError("OFFLINE", `not sent: ${reason}`));
  }

  /** Runs a tool. Rejects with TriggerError when there is no result. */
  trigger(tool: string, args: Json | undefined, options: TriggerOptions = {}): Promise<ExecutionResult> {
    const { kind } = this.#state.peek();
    if (kind === "closed" || (kind !== "live" && options.whenOffline !== "queue"))
      return Promise.reject(new TriggerError("OFFLINE", "not sent: there is no connection to the server"));
    if (this.#pending.size >= kMaxPending)
      return Promise.reject(new TriggerError("RESOURCE_LIMIT", `more than ${kMaxPending} runs are waiting`));
    const requestId = this.#requestId();
    const message: ClientMessage = { type: "TRIGGER", tool, requestId, ...(args === undefined ? {} : { args }) };
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { resolve, reject, onProgress: options.onProgress, message });
      if (kind === "live") this.sendWaiting();
    });
  }

  /** Sends the triggers that waited for a connection. Call once what they must find is sent: see Writes.resend(). */
  sendWaiting(): void {
    for (const pending of this.#pending.values()) {
      if (!pending.message) continue;
      this.#send(pending.message);
      pending.message = undefined;
    }
  }

  /** Asks for a PONG, which comes after everything that the server has to say now. */
  ping(): void {
    this.#send({ type: "PING" });
  }

  /** Forgets what is here and asks for a snapshot: what came does not fit together. */
  resync(): void {
    this.#epoch = undefined;
    this.#drop();
    this.#connect();
  }

  /** Tries at once instead of after the pause. */
  readonly retryNow = (): void => {
    const { kind } = this.#state.peek();
    if (kind === "waiting" || kind === "offline") this.#connect();
  };

  /** Sends one write; the request id under which an ERROR would come back, undefined while not connected. */
  sendSet(path: Path, value: Json): string | undefined {
    if (this.#state.peek().kind !== "live") return undefined;
    const requestId = this.#requestId();
    this.#send({ type: "SET", path, value, requestId });
    return requestId;
  }

  #requestId(): string {
    return `r${this.#nextRequest++}`;
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #connect(): void {
    clearTimeout(this.#retryTimer);
    this.#state.value = { kind: "connecting" };
    const attempt = ++this.#dialled;
    if (!this.#handlers.ticket) return this.#dial(undefined);
    this.#handlers.ticket().then(
      (ticket) => {
        if (attempt === this.#dialled) this.#dial(ticket);
      },
      (error: unknown) => {
        if (attempt !== this.#dialled) return;
        if (error instanceof SignInNeeded) this.close(error.message, "UNAUTHORIZED");
        else this.#waitToRetry();
      },
    );
  }

  #dial(ticket: string | undefined): void {
    const url = new URL(this.#url);
    if (ticket !== undefined) url.searchParams.set("ticket", ticket);
    if (this.#epoch !== undefined) {
      url.searchParams.set("epoch", this.#epoch);
      url.searchParams.set("since", String(this.#version));
    }
    const socket = new WebSocket(url.href, "nexus.v1.json");
    this.#socket = socket;
    this.#heardAt = Date.now();
    this.#pulse = setInterval(() => this.#checkPulse(), kPingEveryMs / 2);
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => void this.#lost(event);
  }

  // Forgets the socket; whatever it still reports is ignored.
  #drop(): void {
    this.#dialled++;
    clearInterval(this.#pulse);
    if (!this.#socket) return;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = undefined;
    const error = new TriggerError("CONNECTION_LOST", "the connection was lost: the run may still have finished");
    this.#reject((pending) => !pending.message, error);
  }

  #reject(which: (pending: Pending) => boolean, error: TriggerError): void {
    for (const [requestId, pending] of this.#pending) {
      if (!which(pending)) continue;
      this.#pending.delete(requestId);
      pending.reject(error);
    }
  }

  async #lost(event: CloseEvent): Promise<void> {
    const wasLive = this.#state.peek().kind === "live";
    this.#drop();
    if (event.code === kNormalClosure) return this.close(event.reason || kRemoved, "REMOVED");
    this.#waitToRetry(askedPause(event.reason));
    // A refused upgrade looks like a lost network from here, so ask before trying for ever.
    if (!wasLive) await this.#askWhy(this.#dialled);
  }

  async #askWhy(attempt: number): Promise<void> {
    try {
      if (!(await this.#handlers.panelExists()) && attempt === this.#dialled) this.close(kRemoved, "REMOVED");
    } catch (error) {
      if (error instanceof SignInNeeded && attempt === this.#dialled) this.close(error.message, "UNAUTHORIZED");
    }
  }

  // `pause` in milliseconds is what a server that goes away asks of this client.
  #waitToRetry(pause?: number): void {
    if (!navigator.onLine) {
      this.#state.value = { kind: "offline" };
      return;
    }
    const delay = pause ?? retryDelay(this.#attempt++, Math.random());
    this.#state.value = { kind: "waiting", retryAt: Date.now() + delay };
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
  }

  readonly #wentOffline = (): void => {
    if (this.#state.peek().kind === "closed") return;
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#state.value = { kind: "offline" };
  };

  readonly #becameVisible = (): void => {
    if (!document.hidden) this.retryNow();
  };

  #checkPulse(): void {
    const silence = Date.now() - this.#heardAt;
    if (silence > kSilenceMs) this.restart();
    else if (this.#state.peek().kind === "live") this.ping();
  }

  /** Gives this connection up and tries again after a pause. */
  restart(): void {
    this.#drop();
    this.#waitToRetry();
  }

  #receive(data: unknown): void {
    this.#heardAt = Date.now();
    const message = parseMessage(data);
    if (!message) return this.restart();
    if (message.type === "CONNECTED") this.#connected(message);
    if (message.type === "PATCH" && !this.#advance(message)) return;
    if (!this.#answer(message)) this.#handlers.onMessage(message);
  }

  // With a snapshot everything starts there; without one the missing patches follow.
  #connected({ epoch, version, state }: ServerMessage & { type: "CONNECTED" }): void {
    this.#attempt = 0;
    this.#epoch = epoch;
    if (state) this.#version = version;
    this.#state.value = { kind: "live" };
  }

  // Patches are applied in version order without a gap; after a gap only a new snapshot is right. One of the
  // current version repeats what is there: the answer to a write that changed nothing. One patch stands for
  // several when this page was slow: all those after its `from`.
  #advance({ version, from = version - 1 }: PatchMessage): boolean {
    if (version < this.#version) return false;
    if (from > this.#version) {
      this.resync();
      return false;
    }
    this.#version = version;
    return true;
  }

  // Hands the answer to a trigger to whoever waits for it; false when the message is for everybody.
  #answer(message: ServerMessage): boolean {
    if (message.type !== "RESULT" && message.type !== "PROGRESS" && message.type !== "ERROR") return false;
    const pending = this.#pending.get(message.requestId ?? "");
    if (!pending) return false;
    this.#handlers.beforeAnswer?.();
    if (message.type === "PROGRESS") {
      pending.onProgress?.(message.calls);
      return true;
    }
    this.#pending.delete(message.requestId ?? "");
    if (message.type === "RESULT") pending.resolve(message.result);
    else pending.reject(new TriggerError(message.code, message.message));
    return true;
  }
}

/** The message that a socket's event carries; undefined for anything else. */
export function parseMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === "object" && message !== null && "type" in message
      ? (message as ServerMessage)
      : undefined;
  } catch {
    return undefined;
  }
}
