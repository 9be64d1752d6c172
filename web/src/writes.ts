import { type Signal, signal } from "@preact/signals-core";
import type { Connection } from "./connection.ts";
import type { Json, Path } from "./protocol.ts";
import type { Draft, Store } from "./store.ts";

const kDebounceMs = 150;

interface Write extends Draft {
  timer: ReturnType<typeof setTimeout> | undefined;
  // Set while the value as it stands is on its way to the server.
  requestId: string | undefined;
  outcomes: Set<Outcome>;
}

/** Who hears how a write ended. */
export interface Outcome {
  accepted?(): void;
  refused(message: string): void;
}

/**
 * The user's edits of bound inputs on their way to the server: shown at once, sent when typing pauses, kept
 * on top of the state until a PATCH carries the same value, taken back when the server refuses.
 */
export class Writes {
  readonly #store: Store;
  readonly #connection: Connection;
  readonly #open = new Map<string, Write>();
  readonly #pending = new Map<string, Signal<boolean>>();

  constructor(store: Store, connection: Connection) {
    this.#store = store;
    this.#connection = connection;
  }

  /** Writes `value` at `path` once nothing else is written there for `delayMs`. */
  set(path: Path, value: Json, outcome: Outcome, delayMs = kDebounceMs): void {
    const id = JSON.stringify(path);
    const write: Write = this.#open.get(id) ?? { path, value, timer: undefined, requestId: undefined, outcomes: new Set() };
    write.value = value;
    write.outcomes.add(outcome);
    write.requestId = undefined;
    this.#open.set(id, write);
    this.#pendingSignal(id).value = true;
    this.#store.show(write);
    clearTimeout(write.timer);
    write.timer = setTimeout(() => this.#send(write), delayMs);
  }

  /** Whether an edit at this path waits for the server. Subscribes. */
  isPending(path: Path): boolean {
    return this.#pendingSignal(JSON.stringify(path)).value;
  }

  /** Sends at once what still waits for a pause: a run that is about to start must see it. */
  flush(): void {
    for (const write of this.#open.values()) if (write.timer !== undefined) this.#send(write);
  }

  /** Sends everything unconfirmed again, after the connection came back. Writes are idempotent. */
  resend(): void {
    for (const write of this.#open.values()) this.#send(write);
  }

  /** Settles the writes that the server's state now carries. Call after each PATCH. */
  confirm(): void {
    for (const [id, write] of this.#open) {
      if (write.requestId === undefined || !this.#store.confirms(write)) continue;
      this.#close(id, write);
      for (const outcome of write.outcomes) outcome.accepted?.();
    }
  }

  /** Takes back the write of this request; false when the request was not a write. */
  refuse(requestId: string, message: string): boolean {
    for (const [id, write] of this.#open) {
      if (write.requestId !== requestId) continue;
      this.#close(id, write);
      for (const outcome of write.outcomes) outcome.refused(message);
      return true;
    }
    return false;
  }

  #close(id: string, write: Write): void {
    this.#open.delete(id);
    this.#pendingSignal(id).value = false;
    this.#store.settle(write);
  }

  #pendingSignal(id: string): Signal<boolean> {
    let found = this.#pending.get(id);
    if (!found) {
      found = signal(false);
      this.#pending.set(id, found);
    }
    return found;
  }

  #send(write: Write): void {
    clearTimeout(write.timer);
    write.timer = undefined;
    write.requestId = this.#connection.sendSet(write.path, write.value);
  }
}
