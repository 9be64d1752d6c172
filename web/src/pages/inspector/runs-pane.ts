import type { RunRecord } from "../../client.ts";
import { h } from "../../dom.ts";
import { entry, type Line, onceAFrame } from "./entries.ts";
import type { Log } from "./log.ts";
import { durationText } from "./tool-form.ts";

const kMaxText = 300;

function short(text: string): string {
  return text.length > kMaxText ? `${text.slice(0, kMaxText)}…` : text;
}

function linesOf(run: RunRecord): Line[] {
  const args: Line = { text: run.args === undefined ? "" : short(`with ${JSON.stringify(run.args)}`) };
  if ("refusal" in run) return [args, { text: run.refusal, level: "error" }];
  const { error, metrics, returnValue } = run.result;
  const calls = Object.entries(metrics?.hostCalls ?? {});
  const denied = error?.code === "PERMISSION_DENIED";
  return [
    args,
    { text: error ? `${denied ? "Denied" : "Failed"}: ${error.message} (${error.code})` : "", level: denied ? "warn" : "error" },
    { text: returnValue === undefined ? "" : short(`returned ${JSON.stringify(returnValue)}`) },
    { text: metrics ? `${durationText(metrics.durationUs)} of running, ${calls.length === 0 ? "no host calls" : calls.map(([name, count]) => `${name.replace(/^__nexus_/, "")} ${count}×`).join(", ")}` : "" },
  ];
}

/** The runs that were started from this page, the newest first. */
export function runsPane(element: HTMLElement, log: Log): () => void {
  const draw = () => {
    const note = h("p", "nx-inspector-note", "Runs started from this page since the inspector was opened");
    const items = log.runs.map((run) => entry(run.tool, run.startedAt, linesOf(run)));
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
