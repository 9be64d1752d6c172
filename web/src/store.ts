import { type Signal, batch, signal, untracked } from "@preact/signals-core";
import { applyOperation, parsePointer } from "./patch.ts";
import { deepEqual, readPath, reuse, withPath } from "./paths.ts";
import type { Json, PatchOperation, Path } from "./protocol.ts";

/** A local write that the server has not confirmed yet; it shows through until it is settled. */
export interface Draft {
  readonly path: Path;
  value: Json;
}

/**
 * The panel's state as this page sees it: what the server said, with the user's unconfirmed writes on top.
 * One signal per key, so a patch wakes only what reads the keys it touches.
 */
export class Store {
  readonly #confirmed = new Map<string, Json>();
  readonly #signals = new Map<string, Signal<Json | undefined>>();
  readonly #keys = signal<readonly string[]>([]);
  readonly #drafts = new Set<Draft>();
  // Keys that staged patches touched.
  readonly #touched = new Set<string>();

  /** The key's value; undefined when the panel has no such key. Subscribes the running effect. */
  read(key: string): Json | undefined {
    return this.#signal(key).value;
  }

  /** Everything, as one object. Subscribes the running effect to all of it. */
  whole(): Record<string, Json> {
    const entries = this.#keys.value.map((key): [string, Json] => [key, this.read(key) ?? null]);
    return Object.fromEntries(entries);
  }

  /** Everything as it is now, as one object. Subscribes to nothing. */
  snapshot(): Record<string, Json> {
    return untracked(() => this.whole());
  }

  /** Starts over from a snapshot; drafts stay on top. */
  reset(state: Record<string, Json>): void {
    batch(() => {
      const gone = [...this.#confirmed.keys()].filter((key) => !Object.hasOwn(state, key));
      for (const key of gone) this.#confirmed.delete(key);
      for (const [key, value] of Object.entries(state)) this.#confirmed.set(key, value);
      this.#keys.value = [...this.#confirmed.keys()];
      for (const key of new Set([...gone, ...this.#confirmed.keys()])) this.#publish(key);
    });
  }

  /** Applies one patch as a whole: no effect sees half of it. Throws when it does not fit the state. */
  apply(patch: readonly PatchOperation[]): void {
    this.stage(patch);
    this.flush();
  }

  /** Applies one patch, and leaves it to flush() to show it. Throws when it does not fit the state. */
  stage(patch: readonly PatchOperation[]): void {
    for (const operation of patch) {
      const [key = "", ...rest] = parsePointer(operation.path);
      this.#touched.add(key);
      if (rest.length > 0) this.#confirmed.set(key, applyOperation(this.#confirmed.get(key), rest, operation));
      else if (operation.op === "remove") this.#confirmed.delete(key);
      else this.#confirmed.set(key, operation.value);
    }
  }

  /** Shows everything staged, as one change. */
  flush(): void {
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched];
    this.#touched.clear();
    batch(() => {
      if (touched.some((key) => this.#confirmed.has(key) !== this.#keys.peek().includes(key)))
        this.#keys.value = [...this.#confirmed.keys()];
      for (const key of touched) this.#publish(key);
    });
  }

  /** Shows `draft` on top of its key until it is settled. Call again after changing its value. */
  show(draft: Draft): void {
    this.#drafts.add(draft);
    this.#flushWith(draft);
  }

  /** Takes a draft away: what the server said shows again. */
  settle(draft: Draft): void {
    if (this.#drafts.delete(draft)) this.#flushWith(draft);
  }

  // A key never shows half of what is staged.
  #flushWith(draft: Draft): void {
    this.#touched.add(String(draft.path[0]));
    this.flush();
  }

  /** Whether the server's own value already is what the draft says. */
  confirms(draft: Draft): boolean {
    const [key, ...rest] = draft.path;
    return deepEqual(readPath(this.#confirmed.get(String(key)), rest), draft.value);
  }

  #signal(key: string): Signal<Json | undefined> {
    let found = this.#signals.get(key);
    if (!found) {
      found = signal(this.#confirmed.get(key));
      this.#signals.set(key, found);
    }
    return found;
  }

  #publish(key: string): void {
    let value = this.#confirmed.get(key);
    for (const draft of this.#drafts)
      if (draft.path[0] === key) value = withPath(value, draft.path.slice(1), draft.value);
    const target = this.#signal(key);
    target.value = value === undefined ? undefined : reuse(target.peek(), value);
  }
}
