// The HTTP calls of the pages.

import type { AstResponse, PanelList } from "./protocol.ts";
import { call } from "./session.ts";

async function getJson<T>(path: string): Promise<T | undefined> {
  const response = await call(path, { headers: { accept: "application/json" } });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the server answered ${response.status} to ${path}`);
  return (await response.json()) as T;
}

/** One page of the panels; rejects when the server cannot be reached. */
export async function listPanels(cursor?: string): Promise<PanelList> {
  const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
  return (await getJson<PanelList>(`/panels${query}`)) ?? { panels: [], total: 0 };
}

/** Whether the panel exists. Asks the list, because a browser reports every 404 in its console. */
export async function panelExists(id: string): Promise<boolean> {
  const list = await getJson<PanelList>(`/panels?id=${encodeURIComponent(id)}`);
  return list?.panels.some((panel) => panel.id === id) ?? false;
}

/** The panel's document; undefined when there is no such panel. */
export function loadAst(id: string): Promise<AstResponse | undefined> {
  return getJson<AstResponse>(`/panels/${encodeURIComponent(id)}/ast`);
}
