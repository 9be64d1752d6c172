// What one evaluation may cost, and the only callable values it knows.

// A panel's expressions come from authors nobody vouches for and run on the page's own thread: each of these
// bounds is what keeps one of them from freezing the page.
export const kMaxSteps = 1_000_000;
export const kMaxTextLength = 1_000_000;
export const kMaxListLength = 200_000;
export const kMaxCallDepth = 100;

/** Why an expression has no value. Never leaves the interpreter: callers see `undefined`. */
export class EvaluationError extends Error {}

/** The meter of one evaluation. */
export class Run {
  #steps = kMaxSteps;
  #depth = 0;

  /** Pays for `steps` units of work; throws when the evaluation has used up its share. */
  charge(steps = 1): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new EvaluationError(`takes more than ${kMaxSteps} steps`);
  }

  /** Pays for reading or making text of this length. */
  chargeText(length: number): void {
    if (!(length <= kMaxTextLength)) throw new EvaluationError(`text is longer than ${kMaxTextLength} characters`);
    this.charge(1 + (length >> 6));
  }

  /** Pays for reading or making a list of this length. */
  chargeList(length: number): void {
    if (!(length <= kMaxListLength)) throw new EvaluationError(`list has more than ${kMaxListLength} items`);
    this.charge(1 + length);
  }

  /** Calls `body` one level deeper. */
  nested<T>(body: () => T): T {
    if (this.#depth >= kMaxCallDepth) throw new EvaluationError(`calls nest deeper than ${kMaxCallDepth}`);
    this.#depth++;
    try {
      return body();
    } finally {
      this.#depth--;
    }
  }
}

/**
 * A function or name space of the expression language. Values are JSON data, undefined, and this: no function
 * of JavaScript itself is ever a value, so none can be reached, called or walked through.
 */
export class Callable {
  readonly #apply: ((run: Run, args: unknown[]) => unknown) | undefined;
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(
    apply: ((run: Run, args: unknown[]) => unknown) | undefined,
    members: ReadonlyMap<string, unknown> = new Map(),
  ) {
    this.#apply = apply;
    this.#members = members;
  }

  get isFunction(): boolean {
    return this.#apply !== undefined;
  }

  member(name: string): unknown {
    return this.#members.get(name);
  }

  call(run: Run, args: unknown[]): unknown {
    const apply = this.#apply;
    if (!apply) throw new EvaluationError("a name space is not a function");
    run.charge();
    return run.nested(() => apply(run, args));
  }

  /** Dropped from JSON, as functions are. */
  toJSON(): undefined {
    return undefined;
  }
}

/** The argument of a list method as something native list methods can call. */
export function callback(run: Run, value: unknown): (...args: unknown[]) => unknown {
  if (!(value instanceof Callable)) throw new EvaluationError("the argument must be a function");
  return (...args) => value.call(run, args);
}
