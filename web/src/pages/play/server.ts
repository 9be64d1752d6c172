import type { CheckReport } from "../../protocol.ts";
import { call } from "../../session.ts";

/** The server refused, and says why. */
export class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

async function post<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await call(path, signal ? { ...init, signal } : init);
  const answer = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
  if (response.ok) return answer as T;
  throw new Refusal(answer.error?.code ?? "", answer.error?.message ?? `the server answered ${response.status}`);
}

/** What the server finds in a document. Rejects with SignInNeeded, Refusal, or when it cannot be reached. */
export function check(source: string, signal: AbortSignal): Promise<CheckReport> {
  return post("/check", { source }, signal);
}

/** Makes the preview `panelId` of this document, or gives it this document when it is there already. */
export function preview(source: string, panelId: string): Promise<{ id: string }> {
  return post("/panels", { source, panelId, preview: true });
}

/** Makes an ordinary panel. */
export function create(source: string): Promise<{ id: string }> {
  return post("/panels", { source });
}
