import { effect } from "@preact/signals-core";
import type { PanelClient } from "../../client.ts";
import { fetchPane } from "./fetch-pane.ts";
import { sourceView } from "./source-view.ts";

/** The text of a panel's document; undefined when the panel is gone. */
export async function loadSource(client: PanelClient, signal?: AbortSignal): Promise<string> {
  const response = await client.remote.call("/source", signal ? { signal } : {});
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.text();
}

/** The document with line numbers, anew whenever the panel gets another one. */
export function sourcePane(element: HTMLElement, client: PanelClient): () => void {
  let end = () => {};
  const endEffect = effect(() => {
    void client.document.value;
    end();
    end = fetchPane(element, async (signal) => [sourceView(await loadSource(client, signal))]);
  });
  return () => {
    endEffect();
    end();
  };
}
