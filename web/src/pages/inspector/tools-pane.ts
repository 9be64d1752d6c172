import { effect } from "@preact/signals-core";
import type { PanelClient } from "../../client.ts";
import { h } from "../../dom.ts";
import { toolForm } from "./tool-form.ts";

/** Every tool with a form for its arguments. */
export function toolsPane(element: HTMLElement, client: PanelClient): () => void {
  return effect(() => {
    const tools = client.document.value?.logic.tools ?? [];
    if (tools.length === 0) return element.replaceChildren(h("p", "nx-empty", "This panel has no tools."));
    element.replaceChildren(...tools.map((tool) => toolForm(tool, (name, args) => client.run(name, args))));
  });
}
