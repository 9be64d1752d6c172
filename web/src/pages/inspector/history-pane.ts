import type { PanelClient } from "../../client.ts";
import { h, setText } from "../../dom.ts";
import { quietButton } from "../quiet-button.ts";
import { entry, type Line, onceAFrame, short } from "./entries.ts";
import { History, type Past } from "./history.ts";
import { PastView } from "./past-view.ts";
import type { Log } from "./log.ts";
import { durationText } from "./tool-form.ts";

const kMaxKeys = 6;
// Between two questions to the server, while the panel changes all the time.
const kRestMs = 1000;

function listed(names: readonly string[]): string {
  const more = names.length - kMaxKeys;
  return names.slice(0, kMaxKeys).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function linesOf({ actor, args, changed, emitted, durationUs, tool }: Past): Line[] {
  const who = actor === undefined || actor === "" ? "" : `, by ${actor}`;
  return [
    { text: args === undefined ? "" : short(`with ${JSON.stringify(args)}`) },
    { text: changed.length === 0 ? "changed nothing" : `changed ${listed(changed)}` },
    { text: emitted.length === 0 ? "" : `emitted ${listed(emitted)}` },
    { text: tool === undefined ? `written by a field${who}` : `${durationText(durationUs)}${who}` },
  ];
}

/** What the server keeps of the panel's past. Any version can be looked at again, beside the live panel, which goes on. */
export function historyPane(element: HTMLElement, client: PanelClient, log: Log): () => void {
  const ended = new AbortController();
  const history = new History(client.remote);
  const note = h("p", "nx-inspector-note", "Loading");
  const trouble = h("p", "nx-entry-text");
  trouble.setAttribute("role", "status");
  trouble.dataset.level = "error";
  const list = h("ol", "nx-entries");
  const older = quietButton("Older", () => void load(() => history.loadOlder(ended.signal)));
  const past = new PastView({ history, client, signal: ended.signal, onClose: () => show(false) });
  const drawn = new Map<Past, HTMLElement>();

  const show = (looking: boolean) => {
    past.element.hidden = !looking;
    note.hidden = list.hidden = looking;
    older.hidden = looking || !history.hasOlder;
  };
  const itemOf = (moment: Past): HTMLElement => {
    const look = h("button", "nx-entry-look", "Look");
    look.type = "button";
    look.setAttribute("aria-label", `Look at version ${moment.version}`);
    look.addEventListener("click", () => {
      show(true);
      past.show(moment.version, look);
    });
    const item = entry(moment.tool ?? "Field", Date.parse(moment.at), linesOf(moment), h("span", "nx-entry-version", `Version ${moment.version}`), look);
    drawn.set(moment, item);
    return item;
  };
  // Items stay, and with them the focus.
  const draw = () => {
    setText(note, history.entries.length === 0 ? "Nothing has happened yet." : "All that the server keeps, the newest first");
    const items = history.entries.map((moment) => drawn.get(moment) ?? itemOf(moment));
    items.forEach((item, at) => {
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
    });
    while (list.children.length > items.length) list.lastElementChild?.remove();
    for (const moment of drawn.keys()) if (!history.entries.includes(moment)) drawn.delete(moment);
    show(!past.element.hidden);
  };
  const load = async (what: () => Promise<void>): Promise<void> => {
    try {
      await what();
      if (ended.signal.aborted) return;
      setText(trouble, "");
      draw();
    } catch (error) {
      if (ended.signal.aborted) return;
      if (history.entries.length === 0) setText(note, "");
      setText(trouble, `The history could not be loaded: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };

  let resting: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;
  const refresh = () => {
    if (resting !== undefined) {
      wanted = true;
      return;
    }
    wanted = false;
    resting = setTimeout(() => {
      resting = undefined;
      if (wanted) refresh();
    }, kRestMs);
    void load(() => history.refresh(ended.signal));
  };
  element.replaceChildren(note, trouble, past.element, list, older);
  show(false);
  const frame = onceAFrame(refresh);
  const ends = [client.subscribeAll(frame.ask), log.onChange(frame.ask), frame.end, () => past.end()];
  return () => {
    ended.abort();
    clearTimeout(resting);
    for (const end of ends) end();
  };
}
