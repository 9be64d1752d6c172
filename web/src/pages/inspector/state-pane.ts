import { effect } from "@preact/signals-core";
import type { PanelClient } from "../../client.ts";
import { h, setText } from "../../dom.ts";
import type { Json, PanelAst } from "../../protocol.ts";
import { StateTree } from "./state-tree.ts";

function notesOf(document: PanelAst | undefined): ReadonlyMap<string, string> {
  const states = document?.data.states.map(({ name, type }): [string, string] => [name, type]) ?? [];
  const computed = document?.data.computed.map(({ name }): [string, string] => [name, "computed"]) ?? [];
  return new Map([...states, ...computed]);
}

/** The state as it is now; what changes flashes, once a frame at most. */
export function statePane(element: HTMLElement, client: PanelClient): () => void {
  const version = h("p", "nx-inspector-note");
  const place = h("div");
  element.append(version, place);
  let tree: StateTree | undefined;
  let latest: Readonly<Record<string, Json>> = {};
  let frame = 0;
  const draw = () => {
    frame = 0;
    setText(version, client.version < 0 ? "No state yet" : `Version ${client.version}`);
    tree?.update(latest);
  };
  const endTree = effect(() => {
    tree = new StateTree(notesOf(client.document.value));
    place.replaceChildren(tree.element);
    tree.update(latest);
  });
  const endState = client.subscribeAll((state) => {
    latest = state;
    frame ||= requestAnimationFrame(draw);
  });
  return () => {
    cancelAnimationFrame(frame);
    endState();
    endTree();
  };
}
