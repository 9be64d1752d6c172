import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Context, Props } from "../context.ts";
import { h, setText, svg } from "../dom.ts";
import { type Axis, type Point, axisOf, pointsOf, slicesOf } from "./chart-data.ts";
import type { Component } from "./node.ts";

const kTypes = ["line", "bar", "area", "pie"] as const;
type ChartType = (typeof kTypes)[number];

const kDefaultHeight = 300;
const kMargin = { top: 12, right: 12, bottom: 28, left: 52 };
const kLabelEveryPx = 72;
const kColours = 6;
const kNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2, notation: "compact" });

interface Frame {
  width: number;
  height: number;
}

/** Chart: line, bar, area or pie as SVG, with the same numbers as a table for screen readers. */
export const renderChart: Component = (_node, props, context) => {
  const title = h("figcaption", "nx-chart-title");
  const plot = h("div", "nx-chart-plot");
  const readout = h("div", "nx-chart-readout");
  const table = h("table", "nx-hidden");
  const element = h("figure", "nx-chart", title, plot, readout, table);
  readout.setAttribute("aria-hidden", "true");
  const width = measured(plot, context);
  context.owner.effect(() => {
    setText(title, props.text("title"));
    title.hidden = title.textContent === "";
  });
  context.owner.effect(() => {
    const points = pointsOf(props.value("data"), props.text("xKey", "x"), props.text("yKey", "y"));
    const type = props.choice("type", kTypes);
    const frame = { width: width.value, height: heightOf(props) };
    plot.style.height = `${frame.height}px`;
    readout.textContent = "";
    fillTable(table, points, props);
    plot.replaceChildren(drawing(type, points, frame, (text) => setText(readout, text)));
  });
  return { element };
};

function heightOf(props: Props): number {
  const height = Number(props.value("height") ?? kDefaultHeight);
  return Number.isFinite(height) ? Math.min(Math.max(height, 120), 1200) : kDefaultHeight;
}

function measured(plot: HTMLElement, { owner }: Context): ReadonlySignal<number> {
  const width = signal(0);
  const observer = new ResizeObserver(([entry]) => {
    width.value = Math.round(entry?.contentRect.width ?? 0);
  });
  observer.observe(plot);
  owner.onDispose(() => observer.disconnect());
  return width;
}

function drawing(type: ChartType, points: Point[], frame: Frame, show: (text: string) => void): Element {
  if (points.length === 0) return h("p", "nx-empty", "No data yet");
  const { width, height } = frame;
  const root = svg("svg", { viewBox: `0 0 ${Math.max(width, 1)} ${height}`, "aria-hidden": "true" });
  if (width === 0) return root;
  if (type === "pie") drawPie(root, points, frame, show);
  else drawAxes(root, type, points, frame, show);
  return root;
}

function drawAxes(root: SVGElement, type: ChartType, points: Point[], frame: Frame, show: (text: string) => void) {
  const axis = axisOf(
    points.map(({ value }) => value),
    type !== "line",
  );
  const x = scaleX(points.length, frame, type === "bar");
  const y = scaleY(axis, frame);
  drawGrid(root, axis, frame, y);
  drawLabels(root, points, frame, x);
  if (type === "bar") drawBars(root, points, frame, x, y);
  else drawLine(root, type, points, x, y, y(Math.max(axis.min, 0)));
  trackPointer(root, points, frame, x, y, show);
}

function scaleX(count: number, { width }: Frame, centred: boolean): (index: number) => number {
  const inner = width - kMargin.left - kMargin.right;
  if (centred || count === 1) return (index) => kMargin.left + ((index + 0.5) * inner) / count;
  return (index) => kMargin.left + (index * inner) / (count - 1);
}

function scaleY({ min, max }: Axis, { height }: Frame): (value: number) => number {
  const inner = height - kMargin.top - kMargin.bottom;
  return (value) => kMargin.top + inner * (1 - (value - min) / (max - min));
}

function drawGrid(root: SVGElement, axis: Axis, { width }: Frame, y: (value: number) => number): void {
  for (const tick of axis.ticks) {
    const at = Math.round(y(tick)) + 0.5;
    root.append(svg("line", { class: "nx-chart-grid", x1: kMargin.left, x2: width - kMargin.right, y1: at, y2: at }));
    const label = svg("text", { class: "nx-chart-tick", x: kMargin.left - 8, y: at + 4, "text-anchor": "end" });
    label.textContent = kNumber.format(tick);
    root.append(label);
  }
}

function drawLabels(root: SVGElement, points: Point[], { width, height }: Frame, x: (index: number) => number): void {
  const every = Math.ceil(points.length / Math.max(1, Math.floor((width - kMargin.left) / kLabelEveryPx)));
  points.forEach(({ label }, index) => {
    if (index % every !== 0) return;
    const anchor = index === 0 && points.length > 1 && x(0) === kMargin.left ? "start" : "middle";
    const at = Math.min(x(index), width - kMargin.right - 12);
    const text = svg("text", { class: "nx-chart-tick", x: at, y: height - 8, "text-anchor": anchor });
    text.textContent = label.length > 12 ? `${label.slice(0, 11)}…` : label;
    root.append(text);
  });
}

type Scale = (value: number) => number;

function drawBars(root: SVGElement, points: Point[], { width }: Frame, x: Scale, y: Scale): void {
  const slot = (width - kMargin.left - kMargin.right) / points.length;
  const bar = Math.max(1, Math.min(48, slot * 0.7));
  points.forEach(({ value }, index) => {
    const top = Math.min(y(value), y(0));
    const size = Math.max(1, Math.abs(y(value) - y(0)));
    root.append(
      svg("rect", { class: "nx-chart-bar", x: x(index) - bar / 2, y: top, width: bar, height: size, rx: 2 }),
    );
  });
}

function drawLine(root: SVGElement, type: ChartType, points: Point[], x: Scale, y: Scale, base: number): void {
  const path = points.map(({ value }, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join("L");
  if (type === "area") {
    const floor = `L${x(points.length - 1).toFixed(1)},${base}L${x(0).toFixed(1)},${base}Z`;
    root.append(svg("path", { class: "nx-chart-area", d: `M${path}${floor}` }));
  }
  root.append(svg("path", { class: "nx-chart-line", d: `M${path}` }));
  if (points.length === 1) root.append(svg("circle", { class: "nx-chart-dot", cx: x(0), cy: y(points[0]!.value), r: 4 }));
}

function trackPointer(
  root: SVGElement,
  points: Point[],
  { width, height }: Frame,
  x: Scale,
  y: Scale,
  show: (text: string) => void,
): void {
  const rule = svg("line", { class: "nx-chart-rule", y1: kMargin.top, y2: height - kMargin.bottom });
  const dot = svg("circle", { class: "nx-chart-dot", r: 4 });
  const cursor = svg("g", { visibility: "hidden" }, rule, dot);
  root.append(cursor);
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const step = points.length > 1 ? x(1) - x(0) : 1;
    const index = Math.min(points.length - 1, Math.max(0, Math.round((at - x(0)) / step)));
    const point = points[index]!;
    for (const name of ["x1", "x2"]) rule.setAttribute(name, String(x(index)));
    dot.setAttribute("cx", String(x(index)));
    dot.setAttribute("cy", String(y(point.value)));
    cursor.setAttribute("visibility", "visible");
    show(`${point.label}: ${point.value.toLocaleString()}`);
  });
  root.addEventListener("pointerleave", () => {
    cursor.setAttribute("visibility", "hidden");
    show("");
  });
}

function drawPie(root: SVGElement, points: Point[], { width, height }: Frame, show: (text: string) => void): void {
  const radius = Math.max(20, Math.min(width * 0.3, height / 2 - 12));
  const [cx, cy] = [radius + 12, height / 2];
  const slices = slicesOf(points);
  slices.forEach((slice, index) => {
    const shape =
      slices.length === 1
        ? svg("circle", { cx, cy, r: radius })
        : svg("path", { d: slicePath(cx, cy, radius, slice.start, slice.end) });
    const percent = `${Math.round((slice.end - slice.start) * 100)} %`;
    shape.setAttribute("class", "nx-chart-slice");
    shape.dataset.colour = String(index % kColours);
    shape.addEventListener("pointerenter", () => show(`${slice.label}: ${slice.value.toLocaleString()} (${percent})`));
    root.append(shape);
    drawLegend(root, index, `${slice.label} ${percent}`, cx + radius + 24, height);
  });
}

function drawLegend(root: SVGElement, index: number, text: string, x: number, height: number): void {
  const y = 24 + index * 22;
  if (y > height - 8) return;
  const mark = svg("rect", { class: "nx-chart-slice", x, y: y - 10, width: 12, height: 12, rx: 3 });
  mark.dataset.colour = String(index % kColours);
  const label = svg("text", { class: "nx-chart-legend", x: x + 20, y });
  label.textContent = text;
  root.append(mark, label);
}

function slicePath(cx: number, cy: number, radius: number, start: number, end: number): string {
  const at = (turn: number) => {
    const angle = turn * 2 * Math.PI - Math.PI / 2;
    return `${(cx + radius * Math.cos(angle)).toFixed(2)},${(cy + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${cx},${cy}L${at(start)}A${radius},${radius} 0 ${end - start > 0.5 ? 1 : 0} 1 ${at(end)}Z`;
}

function fillTable(table: HTMLTableElement, points: Point[], props: Props): void {
  const head = h("tr", "", h("th", "", props.text("xKey", "x")), h("th", "", props.text("yKey", "y")));
  const rows = points.map(({ label, value }) => h("tr", "", h("td", "", label), h("td", "", String(value))));
  table.hidden = points.length === 0;
  table.replaceChildren(h("caption", "", props.text("title", "Chart data")), head, ...rows);
}
