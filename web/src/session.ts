// The token with which this page calls its server, when the server asks for one. It comes from the address
// (#token=..., erased at once) or from the sign-in form, and lives as long as the tab.

const kStored = "nexus.token";

/** The server wants a token, or another one. */
export class SignInNeeded extends Error {}

/** Takes a token out of the page's address; nothing of it stays there or in the history. */
export function takeTokenFromAddress(): void {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (given === null) return;
  fragment.delete("token");
  const rest = fragment.size > 0 ? `#${fragment}` : "";
  history.replaceState(history.state, "", location.pathname + location.search + rest);
  storeToken(given);
}

export function storeToken(token: string): void {
  sessionStorage.setItem(kStored, token);
}

function storedToken(): string | undefined {
  return sessionStorage.getItem(kStored) ?? undefined;
}

/** fetch() with the token. Rejects with SignInNeeded when the server does not accept it, or the lack of one. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = storedToken();
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(path, { ...init, headers });
  if (response.status === 401) throw new SignInNeeded("the server asks for a token");
  return response;
}

/** A ticket for one socket of a panel: sockets cannot send the token in a header. Undefined without a token. */
export async function socketTicket(panel: string): Promise<string | undefined> {
  if (storedToken() === undefined) return undefined;
  const body = JSON.stringify({ panel });
  const response = await call("/auth/ws-ticket", { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!response.ok) throw new Error(`the server answered ${response.status} to the request for a ticket`);
  return ((await response.json()) as { ticket: string }).ticket;
}
