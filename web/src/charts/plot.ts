// The drawing of one chart as SVG: made anew for each change of the data or the width.

import { svg } from "../dom.ts";
import { type Axis, type ChartData, axisOf, slicesOf, worthDrawing } from "./chart-data.ts";

export type ChartType = "line" | "bar" | "area" | "pie";

export interface Frame {
  width: number;
  height: number;
}

/** A finished drawing, and how to point at one place of the data in it. */
export interface Plot {
  root: SVGSVGElement;
  /** Where the data at a horizontal pixel is; undefined when there is none. */
  indexAt(x: number, y: number): number | undefined;
  /** Marks that place, undefined none; returns the pixel to put its values at. */
  mark(index: number | undefined): { x: number; y: number } | undefined;
}

// More than a chart of a few hundred pixels can show.
const kMaxDrawn = 1000;
// Few enough to tell single points.
const kMaxDots = 40;
const kMargin = { top: 14, right: 12, bottom: 26, left: 48 };
const kLabelEveryPx = 72;
/** Colours, and with them dashes, repeat after this many series. */
export const kColours = 6;
const kCompact = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2, notation: "compact" });

type Scale = (value: number) => number;

interface Stage {
  root: SVGSVGElement;
  data: ChartData;
  // Positions of the data that are drawn, and of the series that are not hidden.
  drawn: number[];
  shown: number[];
  frame: Frame;
  x: Scale;
  y: Scale;
}

function canvas({ width, height }: Frame): SVGSVGElement {
  return svg("svg", { viewBox: `0 0 ${Math.max(width, 1)} ${height}`, "aria-hidden": "true" });
}

/** Line, bar or area: `hidden` series are left out, and the axis fits the rest. */
export function plotAxes(
  type: Exclude<ChartType, "pie">,
  data: ChartData,
  frame: Frame,
  hidden: ReadonlySet<number>,
): Plot {
  const root = canvas(frame);
  const shown = data.series.map((_, at) => at).filter((at) => !hidden.has(at));
  const values = shown.flatMap((at) => data.series[at]?.values.filter((value) => value !== undefined) ?? []);
  const axis = axisOf(values, type !== "line");
  const x = scaleX(data.labels.length, frame, type === "bar");
  const y = scaleY(axis, frame);
  const stage: Stage = { root, data, drawn: worthDrawing(data, kMaxDrawn), shown, frame, x, y };
  drawGrid(root, axis, frame, y);
  drawLabels(root, data.labels, frame, x);
  for (const [place, at] of shown.entries()) {
    if (type === "bar") drawBars(stage, at, place);
    else drawLine(stage, type, at, y(Math.min(Math.max(axis.min, 0), axis.max)));
  }
  return { root, indexAt: (px) => nearest(px, data.labels.length, x), mark: cursor(stage, type === "bar") };
}

function scaleX(count: number, { width }: Frame, centred: boolean): Scale {
  const inner = width - kMargin.left - kMargin.right;
  if (centred || count === 1) return (index) => kMargin.left + ((index + 0.5) * inner) / count;
  return (index) => kMargin.left + (index * inner) / (count - 1);
}

function scaleY({ min, max }: Axis, { height }: Frame): Scale {
  const inner = height - kMargin.top - kMargin.bottom;
  return (value) => kMargin.top + inner * (1 - (value - min) / (max - min));
}

function nearest(px: number, count: number, x: Scale): number | undefined {
  if (count === 0) return undefined;
  const step = count > 1 ? x(1) - x(0) : 1;
  return Math.min(count - 1, Math.max(0, Math.round((px - x(0)) / step)));
}

function drawGrid(root: SVGElement, axis: Axis, { width }: Frame, y: Scale): void {
  for (const tick of axis.ticks) {
    const at = Math.round(y(tick)) + 0.5;
    const line = { class: "nx-chart-grid", x1: kMargin.left, x2: width - kMargin.right, y1: at, y2: at };
    root.append(svg("line", line), text(kCompact.format(tick), kMargin.left - 8, at + 4, "end"));
  }
}

function text(content: string, x: number, y: number, anchor: "middle" | "end"): SVGTextElement {
  const element = svg("text", { class: "nx-chart-tick", x, y, "text-anchor": anchor });
  element.textContent = content;
  return element;
}

function drawLabels(root: SVGElement, labels: string[], { width, height }: Frame, x: Scale): void {
  const every = Math.ceil(labels.length / Math.max(1, Math.floor((width - kMargin.left) / kLabelEveryPx)));
  for (let index = 0; index < labels.length; index += every) {
    const label = labels[index] ?? "";
    const at = Math.min(x(index), width - kMargin.right - 12);
    root.append(text(label.length > 12 ? `${label.slice(0, 11)}…` : label, at, height - 8, "middle"));
  }
}

function drawBars({ root, data, drawn, shown, frame, x, y }: Stage, series: number, place: number): void {
  const slot = (frame.width - kMargin.left - kMargin.right) / data.labels.length;
  const group = Math.max(1, Math.min(56 * shown.length, slot * 0.72));
  const bar = group / shown.length;
  for (const index of drawn) {
    const value = data.series[series]?.values[index];
    if (value === undefined) continue;
    const top = Math.min(y(value), y(0));
    const height = Math.max(1, Math.abs(y(value) - y(0)));
    const left = x(index) - group / 2 + place * bar;
    const rect = { class: "nx-chart-bar", x: left, y: top, width: Math.max(1, bar - (shown.length > 1 ? 1 : 0)), height };
    root.append(coloured(svg("rect", { ...rect, rx: Math.min(3, bar / 4) }), series));
  }
}

function coloured<T extends SVGElement>(element: T, at: number): T {
  element.dataset.colour = String(at % kColours);
  return element;
}

// A gap in the values is a gap in the line.
function drawLine({ root, data, drawn, x, y }: Stage, type: "line" | "area", series: number, base: number): void {
  const values = data.series[series]?.values ?? [];
  const pieces: number[][] = [];
  let piece: number[] | undefined;
  for (const index of drawn) {
    if (values[index] === undefined) piece = undefined;
    else if (piece) piece.push(index);
    else pieces.push((piece = [index]));
  }
  const at = (index: number) => `${x(index).toFixed(1)},${y(values[index] ?? 0).toFixed(1)}`;
  for (const points of pieces) {
    const path = points.map(at).join("L");
    const [first = 0, last = 0] = [points[0], points.at(-1)];
    if (type === "area") {
      const floor = `L${x(last).toFixed(1)},${base}L${x(first).toFixed(1)},${base}Z`;
      root.append(coloured(svg("path", { class: "nx-chart-area", d: `M${path}${floor}` }), series));
    }
    root.append(coloured(svg("path", { class: "nx-chart-line", d: `M${path}` }), series));
  }
  for (const points of pieces) {
    if (points.length > 1 && drawn.length > kMaxDots) continue;
    for (const index of points)
      root.append(coloured(svg("circle", { class: "nx-chart-point", cx: x(index), cy: y(values[index] ?? 0), r: 2.5 }), series));
  }
}

function cursor({ root, data, shown, frame, x, y }: Stage, onBars: boolean): Plot["mark"] {
  const rule = svg("line", { class: "nx-chart-rule", y1: kMargin.top, y2: frame.height - kMargin.bottom });
  const dots = shown.map((at) => coloured(svg("circle", { class: "nx-chart-dot", r: 4 }), at));
  const group = svg("g", { visibility: "hidden" }, rule, ...(onBars ? [] : dots));
  root.append(group);
  return (index) => {
    group.setAttribute("visibility", index === undefined ? "hidden" : "visible");
    if (index === undefined) return undefined;
    for (const name of ["x1", "x2"]) rule.setAttribute(name, String(x(index)));
    const values = shown.map((at) => data.series[at]?.values[index]);
    for (const [place, dot] of dots.entries()) {
      const value = values[place];
      dot.setAttribute("r", value === undefined ? "0" : "4");
      dot.setAttribute("cx", String(x(index)));
      dot.setAttribute("cy", String(y(value ?? 0)));
    }
    return { x: x(index), y: kMargin.top };
  };
}

/** A pie of the first series; `hidden` are positions of its parts. */
export function plotPie(data: ChartData, frame: Frame, hidden: ReadonlySet<number>): Plot {
  const root = canvas(frame);
  const radius = Math.max(20, Math.min(frame.width, frame.height) / 2 - 10);
  const [cx, cy] = [frame.width / 2, frame.height / 2];
  const slices = slicesOf(data.labels, data.series[0]?.values ?? [], hidden);
  const shapes = new Map<number, SVGElement>();
  for (const { at, start, end } of slices) {
    const whole = end - start > 0.9999;
    const shape = whole
      ? svg("circle", { class: "nx-chart-slice", cx, cy, r: radius })
      : svg("path", { class: "nx-chart-slice", d: slicePath(cx, cy, radius, start, end) });
    shapes.set(at, coloured(shape, at));
    root.append(shape);
  }
  return {
    root,
    indexAt: (x, y) => {
      if (Math.hypot(x - cx, y - cy) > radius) return undefined;
      const turn = (Math.atan2(x - cx, cy - y) / (2 * Math.PI) + 1) % 1;
      return slices.find(({ start, end }) => turn >= start && turn < end)?.at;
    },
    mark: (index) => {
      for (const [at, shape] of shapes) shape.classList.toggle("nx-chart-faded", index !== undefined && at !== index);
      const slice = slices.find(({ at }) => at === index);
      if (!slice) return undefined;
      const angle = (slice.start + slice.end) * Math.PI - Math.PI / 2;
      return { x: cx + Math.cos(angle) * radius * 0.6, y: cy + Math.sin(angle) * radius * 0.6 };
    },
  };
}

function slicePath(cx: number, cy: number, radius: number, start: number, end: number): string {
  const at = (turn: number) => {
    const angle = turn * 2 * Math.PI - Math.PI / 2;
    return `${(cx + radius * Math.cos(angle)).toFixed(2)},${(cy + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${cx},${cy}L${at(start)}A${radius},${radius} 0 ${end - start > 0.5 ? 1 : 0} 1 ${at(end)}Z`;
}
