import { h } from "../../dom.ts";
import { quietButton } from "../quiet-button.ts";

function noteOf(text: string, again?: () => void): HTMLElement {
  return h("div", "nx-empty", h("p", "", text), again && quietButton("Try again", again));
}

/**
 * Fills a pane with what `load` brings, and again every `everyMs` when that is given. Until the first answer it says so;
 * when a later one fails, what is shown stays. Returns how to end it.
 */
export function fetchPane(element: HTMLElement, load: (signal: AbortSignal) => Promise<HTMLElement[] | undefined>, everyMs?: number): () => void {
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown = false;
  const refresh = async (): Promise<void> => {
    clearTimeout(timer);
    try {
      const content = await load(ended.signal);
      if (ended.signal.aborted) return;
      if (content) element.replaceChildren(...content);
      shown = true;
    } catch (error) {
      if (ended.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      if (!shown) element.replaceChildren(noteOf(`This could not be loaded: ${why}.`, () => void refresh()));
    }
    if (everyMs !== undefined) timer = setTimeout(() => void refresh(), everyMs);
  };
  element.replaceChildren(noteOf("Loading"));
  void refresh();
  return () => {
    ended.abort();
    clearTimeout(timer);
  };
}
