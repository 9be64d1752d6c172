import type { RunRecord } from "../../client.ts";
import { h } from "../../dom.ts";
import type { Approval, ExecutionResult, Json } from "../../protocol.ts";
import { entry, type Line, onceAFrame, short } from "./entries.ts";
import type { Log, LogEntry, TriggerFailure } from "./log.ts";
import { durationText } from "./tool-form.ts";

function argumentsOf(args: Json | undefined): Line {
  return { text: args === undefined ? "" : short(`with ${JSON.stringify(args)}`) };
}

function linesOfResult({ error, denials = [], metrics, returnValue }: ExecutionResult): Line[] {
  const denied = error?.code === "PERMISSION_DENIED";
  const calls = Object.entries(metrics?.hostCalls ?? {}).map(([name, count]) => `${name.replace(/^__nexus_/, "")} ${count}×`);
  return [
    ...denials.map(({ operation, token, times }): Line => ({
      text: `Denied: ${operation} needs ${token}${times > 1 ? `, ${times} times` : ""}`,
      level: "warn",
    })),
    { text: error ? `${denied ? "Denied" : "Failed"}: ${error.message} (${error.code})` : "", level: denied ? "warn" : "error" },
    { text: returnValue === undefined ? "" : short(`returned ${JSON.stringify(returnValue)}`) },
    { text: metrics ? `${durationText(metrics.durationUs)} of running, ${calls.length === 0 ? "no host calls" : calls.join(", ")}` : "" },
  ];
}

function linesOfRun({ args, waitsFor, outcome }: RunRecord): Line[] {
  if (outcome && "refusal" in outcome) return [argumentsOf(args), { text: outcome.refusal, level: "error" }];
  if (outcome) return [argumentsOf(args), ...linesOfResult(outcome.result)];
  const waiting = waitsFor.map(({ extension, method }) => `${extension}.${method}`).join(", ");
  return [argumentsOf(args), { text: waiting === "" ? "Running" : `Waits for ${waiting}` }];
}

function linesOfApproval({ title, status, by, comment }: Approval): Line[] {
  const who = by === undefined ? "" : ` by ${by}`;
  return [{ text: title }, { text: `${status === "open" ? "waits for a decision" : status}${who}${comment ? `: ${comment}` : ""}` }];
}

function linesOfFailure({ code, message }: TriggerFailure): Line[] {
  return [{ text: `A trigger’s run failed: ${message} (${code})`, level: "error" }];
}

function itemOf(logged: LogEntry): HTMLElement {
  if ("run" in logged) return entry(logged.run.tool, logged.at, linesOfRun(logged.run));
  if ("approval" in logged) return entry("Approval", logged.at, linesOfApproval(logged.approval));
  return entry(logged.failure.tool, logged.at, linesOfFailure(logged.failure));
}

/** What the page has seen of runs, the newest first. */
export function runsPane(element: HTMLElement, log: Log): () => void {
  const draw = () => {
    const note = h("p", "nx-inspector-note", "Runs started from this page, approvals, and triggers that failed. History has what others ran.");
    const items = log.entries.map(itemOf);
    const content = items.length > 0 ? h("ol", "nx-entries", ...items) : h("p", "nx-empty", "Nothing has run yet.");
    element.replaceChildren(note, content);
  };
  draw();
  const frame = onceAFrame(draw);
  const end = log.onChange(frame.ask);
  return () => {
    end();
    frame.end();
  };
}
