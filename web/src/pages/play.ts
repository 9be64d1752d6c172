// The page /play: a document is written on the left and lives on the right.

import { h, setText } from "../dom.ts";
import { SignInNeeded } from "../remote.ts";
import { takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";
import { Toasts } from "../toast.ts";
import { faultsView } from "./inspector/source-view.ts";
import { Editor } from "./play/editor.ts";
import { Preview } from "./play/preview.ts";
import { needsList, problemItems, summaryOf } from "./play/report.ts";
import * as server from "./play/server.ts";
import { download, linkTo, takePacked, unpack } from "./play/share.ts";
import { kTemplates } from "./play/templates.ts";
import { tabs } from "./tabs.ts";
import { themeButton } from "./theme-button.ts";

const kTypingPauseMs = 350;
const kDraft = "nexus.play.draft";
const kFirstTemplate = "Counter";
const kMaxFileBytes = 2 ** 20;

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const status = byId("status");
const toasts = new Toasts(document.body);
const preview = new Preview(byId("preview"));
const editor = new Editor(byId("editor"), changed);

let typing: ReturnType<typeof setTimeout> | undefined;
let checking: AbortController | undefined;
// A document that somebody else wrote runs only when the user says so.
let trusted = true;

function changed(text: string): void {
  localStorage.setItem(kDraft, text);
  clearTimeout(typing);
  typing = setTimeout(() => void examine(), kTypingPauseMs);
}

function say(text: string, level: "none" | "success" | "warn" | "error"): void {
  setText(status, text);
  status.dataset.level = level;
}

// Asks the server what it finds, and on a good document lets the preview go on with it.
async function examine(): Promise<void> {
  clearTimeout(typing);
  checking?.abort();
  checking = new AbortController();
  const { signal } = checking;
  const source = editor.text;
  try {
    const report = await server.check(source, signal);
    const { text, level } = summaryOf(report.diagnostics);
    say(text, level);
    byId("problems").replaceChildren(...problemItems(report.diagnostics, (line, column) => editor.reveal(line, column)));
    byId("needs").replaceChildren(needsList(report, (line, column) => editor.reveal(line, column)));
    editor.mark(report.diagnostics);
    if (!trusted) return;
    if (report.valid) await preview.show(source);
    else preview.refuse(faultsView("This document does not load", source, report.diagnostics.filter(({ severity }) => severity === "error")));
  } catch (error) {
    if (!signal.aborted) fail(error, "The document could not be checked");
  }
}

function fail(error: unknown, what: string): void {
  if (error instanceof SignInNeeded) return showSignIn();
  say(`${what}: ${error instanceof Error ? error.message : String(error)}`, "error");
}

// What was written stays in the draft.
function showSignIn(): void {
  byId("tools").hidden = true;
  byId("main").replaceChildren(signInForm());
}

function start(text: string): void {
  trusted = true;
  editor.replace(text);
  void examine();
}

function offerTemplates(): void {
  const select = byId<HTMLSelectElement>("template");
  select.append(...[...kTemplates.keys()].map((name) => new Option(name, name)));
  select.addEventListener("change", () => {
    const text = kTemplates.get(select.value);
    const before = editor.text;
    select.value = "";
    if (text === undefined) return;
    start(text);
    if (before.trim() !== "" && ![...kTemplates.values()].includes(before))
      toasts.show("Your text was replaced.", "info", { label: "Bring it back", run: () => start(before) });
  });
}

async function openFile(file: File | undefined): Promise<void> {
  if (!file) return;
  if (file.size > kMaxFileBytes) return toasts.show(`${file.name} is longer than a document may be, 1 MiB.`, "error");
  try {
    start(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()));
  } catch {
    toasts.show(`${file.name} is not UTF-8 text.`, "error");
  }
}

function fileName(): string {
  const id = /<NexusPanel\b[^>]*?\bid="([A-Za-z0-9][\w.-]*)"/.exec(editor.text)?.[1];
  return `${id ?? "panel"}.nxml`;
}

async function copyLink(): Promise<void> {
  const link = await linkTo(editor.text);
  if (link === undefined) return toasts.show("The document is too long for a link. Download it as a file instead.", "warn");
  try {
    await navigator.clipboard.writeText(link);
    toasts.show("The link is copied. It carries the whole document.", "success");
  } catch {
    history.replaceState(history.state, "", link);
    toasts.show("The link stands in the address bar: the browser did not let it be copied.", "info");
  }
}

async function createPanel(button: HTMLButtonElement): Promise<void> {
  button.ariaBusy = "true";
  button.disabled = true;
  try {
    const { id } = await server.create(editor.text);
    location.assign(`/p/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error instanceof server.Refusal) toasts.show(`No panel was created: ${error.message}`, "error");
    else fail(error, "No panel was created");
  } finally {
    button.ariaBusy = "false";
    button.disabled = false;
  }
}

// A link may come from anybody, and handlers act with the reader's permissions.
async function openLink(packed: string): Promise<void> {
  let text: string;
  try {
    text = await unpack(packed);
  } catch {
    toasts.show("The link is damaged: it holds no document.", "error");
    return start(localStorage.getItem(kDraft) ?? kTemplates.get(kFirstTemplate) ?? "");
  }
  trusted = false;
  editor.replace(text);
  const run = h("button", "nx-button", "Run it");
  run.type = "button";
  const note = h(
    "div",
    "nx-notice",
    h("h2", "nx-notice-title", "This document came with a link"),
    h("p", "nx-notice-text", "Read it first. Its tools act with your permissions once it runs."),
    run,
  );
  run.addEventListener("click", () => {
    note.remove();
    trusted = true;
    void examine();
  });
  byId("preview").append(note);
  void examine();
}

function begin(): void {
  takeTokenFromAddress();
  themeButton(byId<HTMLButtonElement>("theme"));
  const list = document.querySelector<HTMLElement>("[role=tablist]");
  if (list) tabs(list);
  offerTemplates();
  const file = byId<HTMLInputElement>("file");
  byId("open").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    void openFile(file.files?.[0]);
    file.value = "";
  });
  byId("download").addEventListener("click", () => download(editor.text, fileName()));
  byId("link").addEventListener("click", () => void copyLink());
  const create = byId<HTMLButtonElement>("create");
  create.addEventListener("click", () => void createPanel(create));
  byId("restart").addEventListener("click", () => preview.restart().catch((error: unknown) => fail(error, "The preview could not be made")));
  const packed = takePacked();
  if (packed !== undefined) void openLink(packed);
  else start(localStorage.getItem(kDraft) ?? kTemplates.get(kFirstTemplate) ?? "");
}

begin();
