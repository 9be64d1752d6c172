// What a chart is besides its drawing: legend, values under the pointer, the same numbers as a table. Loaded by the first
// panel that has a chart; it knows no signals, so that it can be a file of its own.

import { h, setAttribute, setText } from "../dom.ts";
import { type ChartData, dataOf } from "./chart-data.ts";
import { type ChartType, type Plot, kColours, plotAxes, plotPie } from "./plot.ts";

export interface ChartSpec {
  type: ChartType;
  data: unknown;
  xKey: string;
  /** One or more, by commas. */
  yKey: string;
  unit: string;
  title: string;
  width: number;
  height: number;
}

const kMaxTableRows = 500;
const kNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 });

/** One chart inside `element`, an empty figure. */
export class ChartView {
  readonly #plotBox = h("div", "nx-chart-plot");
  readonly #readout = h("div", "nx-chart-readout");
  readonly #legend = h("ul", "nx-chart-legend");
  readonly #tableBox = h("div", "nx-chart-table nx-hidden");
  readonly #toggle = h("button", "nx-chart-toggle", "Table");
  readonly #unit = h("span", "nx-chart-unit");
  readonly #hidden = new Set<number>();
  #spec: ChartSpec | undefined;
  #data: ChartData = { labels: [], series: [] };
  #plot: Plot | undefined;
  #at: number | undefined;

  constructor(element: HTMLElement) {
    this.#toggle.type = "button";
    this.#toggle.setAttribute("aria-pressed", "false");
    this.#toggle.addEventListener("click", () => this.#toggleTable());
    this.#readout.setAttribute("role", "status");
    this.#plotBox.tabIndex = 0;
    this.#plotBox.setAttribute("role", "group");
    this.#plotBox.addEventListener("pointermove", (event) => this.#follow(event));
    this.#plotBox.addEventListener("pointerleave", () => this.#point(undefined));
    this.#plotBox.addEventListener("blur", () => this.#point(undefined));
    this.#plotBox.addEventListener("keydown", (event) => this.#step(event));
    element.append(h("div", "nx-chart-bar-top", this.#unit, this.#toggle), this.#plotBox, this.#legend, this.#tableBox);
  }

  update(spec: ChartSpec): void {
    const keys = spec.yKey.split(",").map((key) => key.trim()).filter((key) => key !== "");
    const known = this.#data;
    this.#spec = spec;
    this.#data = dataOf(spec.data, spec.xKey, spec.type === "pie" ? keys.slice(0, 1) : keys);
    this.#plotBox.style.height = `${spec.height}px`;
    this.#plotBox.setAttribute("aria-label", `${spec.title || "Chart"}: arrow keys read its values`);
    setText(this.#unit, spec.unit);
    this.#draw();
    if (JSON.stringify(namesOf(known, spec)) !== JSON.stringify(namesOf(this.#data, spec)) || !this.#legend.firstChild)
      this.#showLegend();
    this.#fillTable();
  }

  #draw(): void {
    const spec = this.#spec;
    if (!spec) return;
    if (this.#data.labels.length === 0) {
      this.#plot = undefined;
      return this.#plotBox.replaceChildren(h("p", "nx-empty", "No data yet"));
    }
    const { type, width, height } = spec;
    const frame = { width, height };
    this.#plot = type === "pie" ? plotPie(this.#data, frame, this.#hidden) : plotAxes(type, this.#data, frame, this.#hidden);
    this.#plotBox.replaceChildren(this.#plot.root, this.#readout);
    this.#point(this.#at);
  }

  // One entry per series; of a pie one per part.
  #showLegend(): void {
    const spec = this.#spec;
    const names = spec ? namesOf(this.#data, spec) : [];
    this.#hidden.clear();
    this.#legend.hidden = names.length < 2;
    this.#legend.replaceChildren(...(names.length < 2 ? [] : names.map((name, at) => h("li", "", this.#legendEntry(name, at)))));
  }

  #legendEntry(name: string, at: number): HTMLElement {
    const mark = h("span", "nx-chart-mark");
    mark.dataset.colour = String(at % kColours);
    const button = h("button", "nx-chart-series", mark, name);
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      if (!this.#hidden.delete(at)) this.#hidden.add(at);
      button.setAttribute("aria-pressed", String(!this.#hidden.has(at)));
      this.#draw();
    });
    return button;
  }

  #follow({ clientX, clientY }: PointerEvent): void {
    const root = this.#plot?.root;
    if (!root || !this.#spec) return;
    const box = root.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * this.#spec.width;
    this.#point(this.#plot?.indexAt(x, clientY - box.top));
  }

  #step(event: KeyboardEvent): void {
    const last = this.#data.labels.length - 1;
    const at = this.#at ?? -1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last, Escape: -1 }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#point(event.key === "Escape" ? undefined : Math.min(last, Math.max(0, to)));
  }

  #point(index: number | undefined): void {
    this.#at = index !== undefined && index < this.#data.labels.length ? index : undefined;
    const place = this.#plot?.mark(this.#at);
    this.#readout.hidden = !place;
    if (!place || this.#at === undefined || !this.#spec) return setText(this.#readout, "");
    this.#readout.replaceChildren(...this.#valuesAt(this.#at, this.#spec));
    const { offsetWidth } = this.#readout;
    const left = place.x + 12 + offsetWidth > this.#spec.width ? place.x - 12 - offsetWidth : place.x + 12;
    this.#readout.style.left = `${Math.max(0, left)}px`;
    this.#readout.style.top = `${place.y}px`;
  }

  #valuesAt(index: number, { type, unit }: ChartSpec): Node[] {
    const { labels, series } = this.#data;
    const rows = series.flatMap(({ name, values }, at) => {
      const value = values[index];
      if (value === undefined || (type !== "pie" && this.#hidden.has(at))) return [];
      const mark = h("span", "nx-chart-mark");
      mark.dataset.colour = String((type === "pie" ? index : at) % kColours);
      const amount = h("strong", "", withUnit(kNumber.format(value), unit));
      return [h("div", "nx-chart-value", mark, series.length > 1 ? h("span", "", `${name} `) : undefined, amount)];
    });
    return [h("div", "nx-chart-where", labels[index] ?? ""), ...rows];
  }

  #toggleTable(): void {
    const show = this.#tableBox.classList.contains("nx-hidden");
    this.#tableBox.classList.toggle("nx-hidden", !show);
    this.#plotBox.hidden = show;
    this.#legend.hidden = show || this.#legend.childElementCount < 2;
    setAttribute(this.#toggle, "aria-pressed", String(show));
    // What scrolls must be reachable with the keyboard.
    if (show) this.#tableBox.tabIndex = 0;
    else this.#tableBox.removeAttribute("tabindex");
    this.#tableBox.style.maxHeight = show ? `${this.#spec?.height ?? 0}px` : "";
  }

  #fillTable(): void {
    const { labels, series } = this.#data;
    const { title = "", xKey = "", unit = "" } = this.#spec ?? {};
    this.#toggle.hidden = labels.length === 0;
    if (labels.length === 0) return this.#tableBox.replaceChildren();
    const shown = labels.slice(-kMaxTableRows);
    const first = labels.length - shown.length;
    const note = first > 0 ? `, the last ${shown.length} of ${labels.length} rows` : "";
    const head = h("tr", "", column(xKey), ...series.map(({ name }) => column(unit === "" ? name : `${name} (${unit})`)));
    const rows = shown.map((label, at) => {
      const cells = series.map(({ values }) => h("td", "", cell(values[first + at])));
      return h("tr", "", h("td", "", label), ...cells);
    });
    const table = h("table", "", h("caption", "", `${title || "Chart data"}${note}`), h("thead", "", head), h("tbody", "", ...rows));
    this.#tableBox.replaceChildren(table);
  }
}

function namesOf({ labels, series }: ChartData, { type }: ChartSpec): string[] {
  return type === "pie" ? labels : series.map(({ name }) => name);
}

function withUnit(amount: string, unit: string): string {
  return unit === "" ? amount : `${amount} ${unit}`;
}

function cell(value: number | undefined): string {
  return value === undefined ? "" : kNumber.format(value);
}

function column(name: string): HTMLElement {
  const header = h("th", "", name);
  header.scope = "col";
  return header;
}
