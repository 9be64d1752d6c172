import { type Signal, batch, signal } from "@preact/signals-core";
import { TriggerError } from "./connection.ts";
import type { Context, Props } from "./context.ts";
import { setAttribute } from "./dom.ts";
import type { Call, Json } from "./protocol.ts";

/** How many clicks wait while their tool runs; the next one is refused with a message. */
const kMaxQueuedClicks = 10;

export interface Progress {
  waitsFor: string;
  // From 0 to 1, when what is waited for says how far it is.
  share: number | undefined;
}

/** One component's way to run its tool. */
export interface Trigger {
  readonly tool: string;
  readonly pending: Signal<boolean>;
  /** How many clicks wait for the run that is under way. */
  readonly queued: Signal<number>;
  /** What the run waits for; undefined when it does not wait. */
  readonly progress: Signal<Progress | undefined>;
  /** Why a run failed since the last click on the idle component; empty when none did. */
  readonly failure: Signal<string>;
  /** Evaluates the arguments and runs the tool, after the runs that were asked for before. */
  run(): void;
}

/** The component's trigger; undefined when its document names no tool. */
export function triggerOf(props: Props, context: Context): Trigger | undefined {
  const tool = props.raw("trigger");
  return typeof tool === "string" && tool !== "" ? new QueuedTrigger(tool, props, context) : undefined;
}

class QueuedTrigger implements Trigger {
  readonly tool: string;
  readonly pending = signal(false);
  readonly queued = signal(0);
  readonly progress = signal<Progress | undefined>(undefined);
  readonly failure = signal("");
  readonly #props: Props;
  readonly #context: Context;
  readonly #queue: (Json | undefined)[] = [];

  constructor(tool: string, props: Props, context: Context) {
    this.tool = tool;
    this.#props = props;
    this.#context = context;
  }

  run(): void {
    const args = this.#props.now(this.#props.raw("args") === undefined ? "payload" : "args") as Json | undefined;
    if (!this.pending.peek()) {
      this.failure.value = "";
      void this.#work(args);
    } else if (this.#queue.length < kMaxQueuedClicks) {
      this.#queue.push(args);
      this.queued.value = this.#queue.length;
    } else {
      this.failure.value = `${kMaxQueuedClicks} clicks are waiting already: this one was not taken`;
    }
  }

  async #work(first: Json | undefined): Promise<void> {
    this.pending.value = true;
    this.#queue.push(first);
    while (this.#queue.length > 0) {
      const args = this.#queue.shift();
      this.queued.value = this.#queue.length;
      const { message, lost } = await this.#outcome(args);
      batch(() => {
        this.progress.value = undefined;
        if (message !== "") this.failure.value = lost ? message + this.#dropQueue() : message;
      });
    }
    this.pending.value = false;
  }

  async #outcome(args: Json | undefined): Promise<{ message: string; lost: boolean }> {
    const { panel } = this.#context;
    const whenOffline = this.#props.now("offline") === "queue" ? "queue" : "refuse";
    if (whenOffline === "queue" && panel.client.status.kind !== "live") this.progress.value = { waitsFor: "the connection", share: undefined };
    try {
      await panel.client.trigger(this.tool, args, { whenOffline, onProgress: (calls) => (this.progress.value = progressOf(calls)) });
      return { message: "", lost: false };
    } catch (error) {
      if (!(error instanceof TriggerError)) return { message: String(error), lost: false };
      const { code, message, location } = error;
      const place = panel.surface.dev && location ? ` (line ${location.line}, column ${location.column})` : "";
      return { message: message + place, lost: code === "OFFLINE" || code === "CONNECTION_LOST" };
    }
  }

  // What is known to fail is not tried; how much that was is said.
  #dropQueue(): string {
    const dropped = this.#queue.splice(0).length;
    this.queued.value = 0;
    return dropped === 0 ? "" : `; ${dropped} more ${dropped === 1 ? "click was" : "clicks were"} not sent`;
  }
}

function progressOf(calls: Call[]): Progress {
  const shares = calls.map(({ progress }) => shareOf(progress)).filter((share) => share !== undefined);
  return {
    waitsFor: calls.map(({ extension, method }) => `${extension}.${method}`).join(", "),
    // Of several calls as far as all of them together.
    share: shares.length === calls.length ? shares.reduce((sum, share) => sum + share, 0) / shares.length : undefined,
  };
}

function shareOf(progress: Json | undefined): number | undefined {
  if (typeof progress !== "object" || progress === null || Array.isArray(progress)) return undefined;
  const { received, total } = progress;
  return typeof received === "number" && typeof total === "number" && total > 0 ? Math.min(1, received / total) : undefined;
}

/** Lets a component that is no control of its own run its tool by click, Enter and Space. */
export function makePressable(element: HTMLElement, trigger: Trigger, context: Context): void {
  element.classList.add("nx-pressable");
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  element.addEventListener("click", (event) => {
    // A control inside does what it is for.
    const control = event.target instanceof Element ? event.target.closest("button, a, input, label, .nx-pressable") : null;
    if (control === element || !control) trigger.run();
  });
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    trigger.run();
  });
  context.owner.effect(() => setAttribute(element, "aria-busy", trigger.pending.value ? "true" : undefined));
  toastFailures(trigger, context);
}

/** For components with no place of their own for a message. */
export function toastFailures(trigger: Trigger, { owner, panel }: Context): void {
  owner.effect(() => {
    if (trigger.failure.value) panel.surface.toasts.show(`${trigger.tool}: ${trigger.failure.value}`, "error");
  });
}
