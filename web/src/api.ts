// The HTTP calls of the pages about all panels; those about one panel are in remote.ts.

import type { PanelList } from "./protocol.ts";
import { call } from "./session.ts";

/** One page of the panels; rejects when the server cannot be reached. */
export async function listPanels(cursor?: string): Promise<PanelList> {
  const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
  const response = await call(`/panels${query}`, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`the server answered ${response.status} to /panels`);
  return (await response.json()) as PanelList;
}
