import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import type { ViewNode } from "../protocol.ts";
import type { Handle } from "../view-commands.ts";

/** A component this client does not know: a labelled place for its author, nothing for everybody else. */
export function renderUnknown(node: ViewNode, context: Context): Handle {
  return placeholder(`<${node.type}> is not a component of this version`, node, context);
}

/** A component that could not be built. */
export function renderFailure(node: ViewNode, error: unknown, context: Context): Handle {
  console.warn(`<${node.type}> could not be shown:`, error);
  const reason = error instanceof Error ? `: ${error.message}` : "";
  return placeholder(`<${node.type}> could not be shown${reason}`, node, context);
}

/** A note in the place of a component, with where the component stands in the document; only in dev mode. */
export function placeholder(text: string, node: ViewNode, { panel }: Context): Handle {
  const place = node.loc ? ` (line ${node.loc.startLine}, column ${node.loc.startColumn})` : "";
  const element = h("div", "nx-unknown", text + place);
  element.dataset.type = node.type;
  element.hidden = !panel.surface.dev;
  return { element };
}
