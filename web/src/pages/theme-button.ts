import { icon } from "../dom.ts";
import { chooseTheme, storedTheme, type Theme } from "./theme.ts";

const kNext: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const kNames: Record<Theme, string> = { auto: "as the system", light: "light", dark: "dark" };
const kIcons: Record<Theme, string> = {
  auto: "M2.5 3h11v8h-11zM6 13.5h4M8 11v2.5",
  light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7",
};

/** Makes `button` go through the themes. */
export function themeButton(button: HTMLButtonElement): void {
  const show = () => {
    const theme = storedTheme();
    button.replaceChildren(icon(kIcons[theme]));
    button.setAttribute("aria-label", `Theme: ${kNames[theme]}`);
    button.title = `Theme: ${kNames[theme]}`;
  };
  button.addEventListener("click", () => {
    chooseTheme(kNext[storedTheme()]);
    show();
  });
  show();
}
