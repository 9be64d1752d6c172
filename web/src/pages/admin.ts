// The page /admin: what an operator looks at first. Its data are /admin/status, for the permission admin.

import { h, setText } from "../dom.ts";
import { SignInNeeded } from "../remote.ts";
import { call, takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";
import { themeButton } from "./theme-button.ts";

interface PanelRow {
  id: string;
  workspace: string;
  title?: string;
  status?: string;
  version?: number;
  clientCount?: number;
  lastActivity?: string;
}
interface RunRow {
  at: number;
  panel: string;
  workspace: string;
  handler: string;
  run: string;
  runningMs: number;
  code?: string;
  message?: string;
}
interface Status {
  version: string;
  uptimeMs: number;
  ready: boolean;
  connections: number;
  panels: { total: number; list: PanelRow[] };
  pool: {
    active: number;
    available: number;
    waiting: number;
    suspended: number;
    memoryBytes: number;
    cacheHitRate: number;
  };
  runs: { succeeded: number; failed: number; meanRunningUs: number };
  recent?: { slow: RunRow[]; failed: RunRow[] };
  sandbox?: { mode: string; noNewPrivs: boolean; landlock: number; seccomp: boolean; missing: string[] };
}

const kRefreshMs = 2000;
const kTime = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const kDuration: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

const content = document.getElementById("content") as HTMLElement;
const notice = document.getElementById("notice") as HTMLElement;
const summary = document.getElementById("summary") as HTMLElement;
let timer: ReturnType<typeof setTimeout> | undefined;

function duration(ms: number): string {
  const [size, unit] = kDuration.find(([length]) => ms >= length) ?? [1000, "s"];
  return `${Math.floor(ms / size)} ${unit}`;
}

function wall(status: Status): string {
  const sandbox = status.sandbox;
  if (sandbox === undefined) return "not said";
  if (sandbox.mode === "off") return "off";
  return sandbox.missing.length === 0 ? "stands" : `lacks ${sandbox.missing.join("; ")}`;
}

function facts(status: Status): [string, string][] {
  const { pool, runs } = status;
  return [
    ["Version", status.version],
    ["Up for", duration(status.uptimeMs)],
    ["Connections", `${status.connections}`],
    ["Sandboxes", `${pool.active} at work, ${pool.available} free, ${pool.waiting} awaited`],
    ["Suspended runs", `${pool.suspended}`],
    ["Sandbox memory", `${(pool.memoryBytes / 2 ** 20).toFixed(1)} MiB`],
    ["Runs", `${runs.succeeded} succeeded, ${runs.failed} failed, ${Math.round(runs.meanRunningUs)} µs on average`],
    ["Compiled handlers found", `${(pool.cacheHitRate * 100).toFixed(1)} %`],
    ["Second wall", wall(status)],
  ];
}

// Rows are few and change together, so a table is simply made anew, unless somebody is using a link of it.
function fill(id: string, head: string[], rows: (string | HTMLElement)[][], nothing: string): void {
  const table = document.getElementById(id) as HTMLTableElement;
  if (table.contains(document.activeElement)) return;
  const header = h("tr", "", ...head.map((title) => Object.assign(h("th", "", title), { scope: "col" })));
  const body = rows.map((row) => h("tr", "", ...row.map((cell) => h("td", "", cell))));
  if (body.length === 0) body.push(h("tr", "", Object.assign(h("td", "", nothing), { colSpan: head.length })));
  table.replaceChildren(h("thead", "", header), h("tbody", "", ...body));
}

function panelLink(id: string): HTMLAnchorElement {
  return Object.assign(h("a", "nx-link", id), { href: `/p/${encodeURIComponent(id)}` });
}

function runCells(row: RunRow): (string | HTMLElement)[] {
  return [kTime.format(row.at), panelLink(row.panel), row.workspace, row.handler, `${row.runningMs.toFixed(1)} ms`];
}

function show(status: Status): void {
  setText(summary, status.ready ? "ready" : "not ready");
  const list = document.getElementById("facts") as HTMLElement;
  list.replaceChildren(...facts(status).map(([name, fact]) => h("div", "", h("dt", "", name), h("dd", "", fact))));
  const { list: panels, total } = status.panels;
  setText(document.getElementById("panels-title") as HTMLElement, total > panels.length ? `Panels (the last ${panels.length} of ${total})` : `Panels (${total})`);
  fill(
    "panels",
    ["Panel", "Title", "Workspace", "Status", "Version", "Clients", "Last active"],
    panels.map((row) => [
      panelLink(row.id),
      row.title ?? "",
      row.workspace,
      row.status ?? "",
      `${row.version ?? ""}`,
      `${row.clientCount ?? ""}`,
      row.lastActivity === undefined ? "" : kTime.format(Date.parse(row.lastActivity)),
    ]),
    "No panels.",
  );
  const { slow, failed } = status.recent ?? { slow: [], failed: [] };
  const columns = ["At", "Panel", "Workspace", "Handler", "Ran for"];
  fill("slow", columns, slow.map(runCells), "None since the start.");
  const errors = failed.map((row) => [...runCells(row), row.code ?? "", row.message ?? ""]);
  fill("failed", [...columns, "Code", "Message"], errors, "None since the start.");
}

function say(...children: (string | HTMLElement)[]): void {
  content.hidden = true;
  notice.hidden = false;
  notice.replaceChildren(...children);
}

async function load(): Promise<void> {
  clearTimeout(timer);
  try {
    const response = await call("/admin/status");
    if (response.status === 403) return say("This page is for the permission “admin”, which your token does not have.");
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    show((await response.json()) as Status);
    content.hidden = false;
    notice.hidden = true;
  } catch (error) {
    if (error instanceof SignInNeeded) return say(signInForm());
    setText(summary, "");
    say(`The server does not answer: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (!document.hidden) timer = setTimeout(() => void load(), kRefreshMs);
}

takeTokenFromAddress();
themeButton(document.getElementById("theme") as HTMLButtonElement);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void load();
});
void load();
