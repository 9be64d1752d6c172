import { type Signal, signal } from "@preact/signals-core";
import { TriggerError } from "./connection.ts";
import type { Context, Props } from "./context.ts";
import type { Json } from "./protocol.ts";
import { toast } from "./toast.ts";

/** One component's way to run its tool. */
export interface Trigger {
  readonly tool: string;
  readonly pending: Signal<boolean>;
  /** The extension calls that the run waits for, as text; empty when it does not wait. */
  readonly waitingFor: Signal<string>;
  /** Why the last run failed; empty when it did not. */
  readonly failure: Signal<string>;
  /** Evaluates the arguments and runs the tool; does nothing while its last run is under way. */
  run(): Promise<void>;
}

/** The component's trigger; undefined when its document names no tool. */
export function triggerOf(props: Props, context: Context): Trigger | undefined {
  const tool = props.raw("trigger");
  if (typeof tool !== "string" || tool === "") return undefined;
  const trigger: Trigger = {
    tool,
    pending: signal(false),
    waitingFor: signal(""),
    failure: signal(""),
    run: async () => {
      if (trigger.pending.peek()) return;
      const args = props.now(props.raw("args") === undefined ? "payload" : "args");
      trigger.pending.value = true;
      trigger.failure.value = await outcome(context, trigger, args as Json | undefined);
      trigger.pending.value = false;
      trigger.waitingFor.value = "";
    },
  };
  return trigger;
}

// Runs the tool; the message to show when it failed, else empty.
async function outcome({ panel }: Context, trigger: Trigger, args: Json | undefined): Promise<string> {
  panel.running.value++;
  try {
    panel.writes.flush();
    const result = await panel.connection.trigger(trigger.tool, args, (calls) => {
      trigger.waitingFor.value = calls.map(({ extension, method }) => `${extension}.${method}`).join(", ");
    });
    return result.status === "error" ? (result.error?.message ?? "the run failed") : "";
  } catch (error) {
    return error instanceof TriggerError ? error.message : String(error);
  } finally {
    panel.running.value--;
  }
}

/** Lets a component that is no control of its own run its tool by click, Enter and Space. */
export function makePressable(element: HTMLElement, trigger: Trigger, context: Context): void {
  element.classList.add("nx-pressable");
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  element.addEventListener("click", () => void trigger.run());
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    void trigger.run();
  });
  context.owner.effect(() => element.setAttribute("aria-busy", String(trigger.pending.value)));
  toastFailures(trigger, context);
}

/** For components with no place of their own for a message. */
export function toastFailures(trigger: Trigger, context: Context): void {
  context.owner.effect(() => {
    if (trigger.failure.value) toast(`${trigger.tool}: ${trigger.failure.value}`, "error");
  });
}
