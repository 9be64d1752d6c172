import { h, setText } from "../../dom.ts";
import { entry, onceAFrame } from "./entries.ts";
import type { Log, Moment } from "./log.ts";
import { StateTree } from "./state-tree.ts";

const kMaxKeys = 6;
const kMaxShown = 200;

function changedText({ changed }: Moment): string {
  if (changed.length === 0) return "the first that this page saw";
  const more = changed.length - kMaxKeys;
  return `changed ${changed.slice(0, kMaxKeys).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The versions of the state; any of them can be looked at again, beside the live panel, which goes on. */
export function historyPane(element: HTMLElement, log: Log): () => void {
  const note = h("p", "nx-inspector-note");
  const back = h("button", "nx-button", "Back to the list");
  back.type = "button";
  back.dataset.variant = "secondary";
  const tree = new StateTree(new Map());
  const past = h("section", "nx-past", h("div", "nx-past-head", back), tree.element);
  const list = h("ol", "nx-entries");
  let shown: Moment | undefined;

  const lookAt = (moment: Moment | undefined) => {
    shown = moment;
    past.hidden = moment === undefined;
    list.hidden = moment !== undefined;
    if (moment) {
      setText(note, `The state as it was at version ${moment.version}; ${changedText(moment)}`);
      tree.update(moment.state);
      back.focus();
    } else {
      draw();
    }
  };
  const itemOf = (moment: Moment) => {
    const look = h("button", "nx-entry-look", "Look");
    look.type = "button";
    look.setAttribute("aria-label", `Look at version ${moment.version}`);
    look.addEventListener("click", () => lookAt(moment));
    return entry(`Version ${moment.version}`, moment.at, [{ text: changedText(moment) }], look);
  };
  const draw = () => {
    if (shown) return;
    setText(note, "Versions that this page has seen since the inspector was opened");
    // A button that is about to be pressed must not be taken away.
    if (list.contains(document.activeElement) && log.moments.length > 0) return prepend();
    list.replaceChildren(...log.moments.slice(0, kMaxShown).map(itemOf));
    newest = log.moments[0]?.version ?? -1;
  };
  let newest = -1;
  const prepend = () => {
    const fresh = log.moments.filter(({ version }) => version > newest);
    list.prepend(...fresh.map(itemOf));
    newest = log.moments[0]?.version ?? -1;
  };

  back.addEventListener("click", () => lookAt(undefined));
  past.hidden = true;
  element.replaceChildren(note, past, list);
  draw();
  const frame = onceAFrame(draw);
  const end = log.onChange(frame.ask);
  return () => {
    end();
    frame.end();
  };
}
