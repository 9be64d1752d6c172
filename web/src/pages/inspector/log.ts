import type { PanelClient, RunRecord } from "../../client.ts";
import type { Json } from "../../protocol.ts";

const kMaxRuns = 200;
const kMaxMoments = 500;

/** The state as it was at one version. Values that did not change are shared with the moments around it. */
export interface Moment {
  version: number;
  at: number;
  state: Readonly<Record<string, Json>>;
  changed: readonly string[];
}

/** What happened to a panel since the page began to look: its versions and the runs that were started from the page. */
export class Log {
  readonly runs: RunRecord[] = [];
  readonly moments: Moment[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(client: PanelClient) {
    client.onRun((run) => {
      this.runs.unshift(run);
      this.runs.length = Math.min(this.runs.length, kMaxRuns);
      this.#tell();
    });
    client.subscribeAll((state) => this.#see(client.version, state));
  }

  /** Calls `listener` after each change of the log; the result ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #see(version: number, state: Readonly<Record<string, Json>>): void {
    if (version < 0) return;
    const before = this.moments[0];
    const changed = Object.keys({ ...before?.state, ...state }).filter((key) => before?.state[key] !== state[key]);
    if (before && changed.length === 0) return;
    const moment = { version, at: Date.now(), state, changed: before ? changed : [] };
    // What a user is still typing shows before it has a version of its own.
    if (before?.version === version) this.moments[0] = { ...moment, changed: [...new Set([...before.changed, ...changed])] };
    else this.moments.unshift(moment);
    this.moments.length = Math.min(this.moments.length, kMaxMoments);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
