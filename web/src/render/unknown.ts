import { h } from "../dom.ts";
import type { ViewNode } from "../protocol.ts";
import type { Handle } from "../view-commands.ts";

const kLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.+\.localhost)$/;

/** A component this client does not know: a labelled place for its author, nothing for everybody else. */
export function renderUnknown(node: ViewNode): Handle {
  const text = `<${node.type}> is not a component of this version`;
  return { element: placeholder(text, node) };
}

/** A component that could not be built. */
export function renderFailure(node: ViewNode, error: unknown): Handle {
  console.warn(`<${node.type}> could not be shown:`, error);
  return { element: placeholder(`<${node.type}> could not be shown`, node) };
}

function placeholder(text: string, node: ViewNode): HTMLElement {
  const element = h("div", "nx-unknown", text);
  element.dataset.type = node.type;
  // Only who runs the server on this machine can be the panel's author.
  element.hidden = !kLoopback.test(location.hostname);
  return element;
}
