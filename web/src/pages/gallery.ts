// The page /: all panels of this server.

import { h, setText } from "../dom.ts";
import { SignInNeeded } from "../remote.ts";
import { takeTokenFromAddress } from "../session.ts";
import { signInForm } from "../sign-in.ts";
import { plural } from "./gallery/card.ts";
import { listFaults } from "./faults.ts";
import { CardList } from "./gallery/card-list.ts";
import { Faulty } from "./gallery/faulty.ts";
import { Feed } from "./gallery/feed.ts";
import type { Mode } from "./gallery/grid.ts";
import { Miniatures } from "./gallery/miniatures.ts";
import { quietButton } from "./quiet-button.ts";
import { themeButton } from "./theme-button.ts";

const kTypingPauseMs = 150;
const kRefreshMs = 5000;
const kStoredMode = "nexus.gallery";

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const list = byId<HTMLUListElement>("panels");
const count = byId("count");
const search = byId<HTMLInputElement>("search");
const mode = byId<HTMLFieldSetElement>("mode");
const trouble = byId("trouble");
const empty = byId("empty");

const feed = new Feed({ onChange: show, onError: showError });
const miniatures = new Miniatures();
const cards = new CardList(list, feed, miniatures, searchFor);
const faulty = new Faulty(byId("faulty"));
let signInShown = false;

function show(): void {
  trouble.hidden = true;
  const total = feed.total ?? 0;
  list.setAttribute("aria-busy", "false");
  setText(count, feed.search === "" ? plural(total, "panel") : `${plural(total, "panel")} found`);
  empty.hidden = total > 0;
  if (total === 0) empty.replaceChildren(...(feed.search === "" ? nothingYet() : nothingFound(feed.search)));
  cards.update();
}

function nothingYet(): HTMLElement[] {
  const play = h("a", "nx-button", "Open the playground");
  play.href = "/play";
  return [
    h("strong", "nx-notice-title", "No panels yet"),
    h("span", "", "Write the first one in the playground, or create it from a file:"),
    h("code", "nx-notice-code", `curl --data-binary @panel.nxml -H 'content-type: application/xml' ${location.origin}/panels`),
    play,
  ];
}

function nothingFound(words: string): HTMLElement[] {
  const clear = quietButton("Show all panels", () => {
    searchFor("");
    search.focus();
  });
  return [h("strong", "nx-notice-title", "Nothing found"), h("span", "", `No panel matches “${words}”.`), clear];
}

// With panels on the screen an error is a strip above them, else it is all there is to say.
function showError(error: unknown): void {
  if (error instanceof SignInNeeded) return showSignIn();
  const retry = quietButton("Try again", () => feed.start(feed.search));
  const why = h("span", "", `The panels could not be loaded: ${error instanceof Error ? error.message : String(error)}.`);
  list.setAttribute("aria-busy", "false");
  trouble.hidden = false;
  trouble.replaceChildren(why, retry);
}

function showSignIn(): void {
  if (signInShown) return;
  signInShown = true;
  list.hidden = true;
  empty.hidden = false;
  empty.replaceChildren(signInForm());
}

function searchFor(words: string): void {
  search.value = words;
  startSearch();
}

function startSearch(): void {
  const words = search.value.trim();
  if (words === feed.search && feed.total !== undefined) return;
  const address = new URL(location.href);
  if (words === "") address.searchParams.delete("search");
  else address.searchParams.set("search", words);
  history.replaceState(history.state, "", address);
  scrollTo({ top: 0 });
  feed.start(words);
  refreshFaults();
}

function choose(chosen: Mode): void {
  const button = mode.querySelector<HTMLInputElement>(`input[value=${chosen}]`);
  if (button) button.checked = true;
  localStorage.setItem(kStoredMode, chosen);
  miniatures.enabled = chosen === "grid";
  cards.mode = chosen;
}

// What goes wrong here goes wrong with the panels too, and is said there.
function refreshFaults(): void {
  listFaults().then(
    (faults) => faulty.show(feed.search === "" ? faults : []),
    () => {},
  );
}

function refresh(): void {
  if (document.hidden || signInShown) return;
  refreshFaults();
  const [first, end] = cards.seen;
  void feed.refresh(first, end);
}

let typing: ReturnType<typeof setTimeout> | undefined;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(startSearch, kTypingPauseMs);
});
mode.addEventListener("change", (event) => choose((event.target as HTMLInputElement).value as Mode));
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
  event.preventDefault();
  search.focus();
});
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, kRefreshMs);

takeTokenFromAddress();
themeButton(byId<HTMLButtonElement>("theme"));
search.value = new URLSearchParams(location.search).get("search") ?? "";
choose(localStorage.getItem(kStoredMode) === "list" ? "list" : "grid");
feed.start(search.value.trim());
refreshFaults();
