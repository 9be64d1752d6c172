/**
 * Makes a tablist work as the ARIA practices say: arrows, Home and End move between its tabs, and the panel that a tab
 * controls is the one that shows. `onShow` hears the id of that panel.
 */
export function tabs(list: HTMLElement, onShow: (panel: string) => void = () => {}): { show(panel: string): void } {
  const all = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const select = (chosen: HTMLElement) => {
    for (const tab of all) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !selected;
    }
    onShow(chosen.getAttribute("aria-controls") ?? "");
  };
  for (const tab of all) tab.addEventListener("click", () => select(tab));
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target as HTMLElement);
    const rtl = getComputedStyle(list).direction === "rtl";
    const steps: Record<string, number> = { ArrowRight: rtl ? at - 1 : at + 1, ArrowLeft: rtl ? at + 1 : at - 1, Home: 0, End: all.length - 1 };
    const to = steps[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = all[(to + all.length) % all.length];
    if (!tab) return;
    tab.focus();
    select(tab);
  });
  return {
    show(panel) {
      const tab = all.find((candidate) => candidate.getAttribute("aria-controls") === panel);
      if (tab) select(tab);
    },
  };
}
