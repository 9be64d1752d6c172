// The token with which the pages call their server, when the server asks for one. It comes from the address
// (#token=..., erased at once) or from the sign-in form, and lives as long as the tab.

import { authorizedFetch } from "./remote.ts";

const kStored = "nexus.token";

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

export function storedToken(): string | undefined {
  return sessionStorage.getItem(kStored) ?? undefined;
}

/** fetch() of this server with the token. Rejects with SignInNeeded when the server does not accept it. */
export function call(path: string, init?: RequestInit): Promise<Response> {
  return authorizedFetch(path, storedToken(), init);
}
