// What Input and Switch share: a value that is read from the state and written back to it.

import { type Signal, signal } from "@preact/signals-core";
import { bindTarget, bindValue } from "../bindpath.ts";
import { type Context, environmentOf, type Props } from "../context.ts";
import { type Json, isBindPath } from "../protocol.ts";

/** A two-way binding as a control uses it. */
export interface Bound {
  /** The current value, unconfirmed writes included. Subscribes. */
  read(): unknown;
  /** Writes; `delayMs` waits for a pause in typing. */
  write(value: Json, delayMs?: number): void;
  /** Whether a write of this control waits for the server. Subscribes. */
  pending(): boolean;
  /** Whether there is a place to write to: a derived list's items have none. */
  writable(): boolean;
  /** Why the last write was taken back; empty when it was not. */
  readonly refusal: Signal<string>;
  /** The last step of its path, as a name of last resort. */
  readonly name: string;
}

export function boundTo(props: Props, context: Context): Bound | undefined {
  const bind = props.raw("bind");
  if (!isBindPath(bind)) return undefined;
  const { panel, scope } = context;
  const { read } = environmentOf(context);
  const refusal = signal("");
  const outcome = { refused: (message: string) => void (refusal.value = message) };
  return {
    refusal,
    name: bind.path.at(-1) ?? "",
    read: () => bindValue(bind, read),
    pending: () => {
      const target = bindTarget(bind, scope);
      return target !== undefined && panel.writes.isPending(target);
    },
    writable: () => bindTarget(bind, scope) !== undefined,
    write: (value, delayMs) => {
      const target = bindTarget(bind, scope);
      refusal.value = target ? "" : "this value is derived and cannot be changed here";
      if (target) panel.writes.set(target, value, outcome, delayMs);
    },
  };
}
