// Documents that should be panels and do not load.

import type { Fault, FaultSummary } from "../protocol.ts";
import { call } from "../session.ts";
import { faultsView } from "./inspector/source-view.ts";

const kLookEveryMs = 2000;

/** What of this server's documents does not load. Rejects when the server cannot be asked. */
export async function listFaults(): Promise<FaultSummary[]> {
  const response = await call("/faults");
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return ((await response.json()) as { faults: FaultSummary[] }).faults;
}

async function faultOf(id: string): Promise<Fault> {
  const response = await call(`/faults/${encodeURIComponent(id)}`);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return (await response.json()) as Fault;
}

function viewOf({ file, source, diagnostics }: Fault): HTMLElement {
  const title = file === undefined ? "This panel is stored but cannot be loaded" : `${file} does not load`;
  const hint =
    file === undefined
      ? "It stays stored as it is. Restart the server once it can be loaded."
      : "The page shows the panel as soon as the server loads a version of the file that is right.";
  return faultsView(title, source, diagnostics, hint);
}

/**
 * Shows in `place` why the panel `id` does not load, for as long as that is so; calls `onMended` when it no longer is.
 * Resolves to whether there was anything to show.
 */
export async function showFault(place: HTMLElement, id: string, onMended: () => void): Promise<boolean> {
  let shown = "";
  // Looks for it in the list: a browser complains of every 404 in its console.
  const look = async (): Promise<boolean> => {
    const summary = (await listFaults()).find((fault) => fault.id === id);
    if (!summary) return false;
    const fault = await faultOf(id);
    const text = JSON.stringify(fault);
    if (text !== shown) place.replaceChildren(viewOf(fault));
    shown = text;
    return true;
  };
  const again = () =>
    setTimeout(() => {
      look().then((there) => (there ? again() : onMended()), again);
    }, kLookEveryMs);
  if (!(await look())) return false;
  again();
  return true;
}
