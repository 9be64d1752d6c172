// The user's choice of light or dark, for all pages of this server. The pages load this in their head, before anything is
// drawn; a script that comes later may import it.

export type Theme = "auto" | "light" | "dark";

const kStored = "nexus.theme";

export function storedTheme(): Theme {
  const stored = localStorage.getItem(kStored);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

/** Shows the page in `theme`, and every other from now on. */
export function chooseTheme(theme: Theme): void {
  if (theme === "auto") localStorage.removeItem(kStored);
  else localStorage.setItem(kStored, theme);
  applyTheme();
}

/** Also to the panels in the page, whose looks are their own. */
export function applyTheme(): void {
  const theme = storedTheme();
  const themed = [document.documentElement, ...document.querySelectorAll("nexus-panel, nexus-miniature")];
  for (const element of themed) {
    const name = element === document.documentElement ? "data-theme" : "theme";
    if (theme === "auto") element.removeAttribute(name);
    else element.setAttribute(name, theme);
  }
}

// Another tab chose.
addEventListener("storage", (event) => {
  if (event.key === kStored) applyTheme();
});
