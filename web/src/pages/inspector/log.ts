import type { PanelClient, RunRecord } from "../../client.ts";
import type { Approval, Json } from "../../protocol.ts";

const kMaxEntries = 200;

/** A run that a trigger of the panel started and that failed. */
export interface TriggerFailure {
  tool: string;
  code: string;
  message: string;
}

/** One thing that happened; `at` in milliseconds since the epoch. */
export type LogEntry = { at: number } & ({ run: RunRecord } | { approval: Approval } | { failure: TriggerFailure });

/** What this page has seen of a panel's runs: those it started, what they asked people for, and triggers that failed. */
export class Log {
  /** The newest first. */
  readonly entries: LogEntry[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(client: PanelClient) {
    client.onRun((run) => {
      if (!this.entries.some((entry) => "run" in entry && entry.run === run)) this.#add({ at: run.startedAt, run });
      this.#tell();
    });
    client.on("system:approval", (payload) => this.#heard(payload as unknown as Approval));
    client.on("system:error", (payload, { timestamp }) => {
      const failure = readFailure(payload);
      if (failure) this.#add({ at: timestamp, failure });
      this.#tell();
    });
  }

  /** Calls `listener` after each change of the log; the result ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // Asked first, decided later: one entry.
  #heard(approval: Approval): void {
    const known = this.entries.findIndex((entry) => "approval" in entry && entry.approval.id === approval.id);
    if (known >= 0) this.entries[known] = { at: approval.requestedAt, approval };
    else this.#add({ at: approval.requestedAt, approval });
    this.#tell();
  }

  #add(entry: LogEntry): void {
    this.entries.unshift(entry);
    this.entries.length = Math.min(this.entries.length, kMaxEntries);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

// A handler may emit an event of this name too, with anything in it.
function readFailure(payload: Json): TriggerFailure | undefined {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return undefined;
  const { tool, code, message } = payload;
  return typeof tool === "string" && typeof code === "string" && typeof message === "string" ? { tool, code, message } : undefined;
}
