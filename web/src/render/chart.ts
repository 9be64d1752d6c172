import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { ChartSpec, ChartView } from "../charts/chart.ts";
import type { Context, Props } from "../context.ts";
import { h } from "../dom.ts";
import { pixelsOf } from "./length.ts";
import type { Component } from "./node.ts";

const kTypes = ["line", "bar", "area", "pie"] as const;
const kDefaultHeight = 300;
const kHeights = { least: 120, most: 1200 };
// The line with the unit and the table button, which is there before the charts are.
const kTopBar = 28;

type ChartModule = typeof import("../charts/chart.ts");
let module: Promise<ChartModule> | undefined;

// Panels without charts never load them. What failed is tried again by the next chart.
function loadCharts(): Promise<ChartModule> {
  module ??= import("../charts/chart.ts").catch((error: unknown) => {
    module = undefined;
    throw error;
  });
  return module;
}

/** Chart: line, bar, area or pie, with the same numbers as a table. */
export const renderChart: Component = (_node, props, context) => {
  const title = h("figcaption", "nx-chart-title");
  const body = h("div", "nx-chart-body");
  const wait = h("div", "nx-skeleton");
  wait.setAttribute("aria-hidden", "true");
  body.append(wait);
  const element = h("figure", "nx-chart", title, body);
  const width = measured(body, context);
  const view = signal<ChartView | undefined>(undefined);
  context.owner.effect(() => {
    const [text, unit] = [props.text("title"), props.text("unit")];
    title.replaceChildren(text, unit === "" ? "" : h("span", "nx-chart-title-unit", ` in ${unit}`));
    title.hidden = text === "";
  });
  context.owner.effect(() => {
    const spec = specOf(props, width.value);
    if (view.value) view.value.update(spec);
    else wait.style.height = `${spec.height + kTopBar}px`;
  });
  loadCharts().then(
    ({ ChartView }) => {
      body.replaceChildren();
      view.value = new ChartView(body);
    },
    () => body.replaceChildren(h("p", "nx-empty", "The charts could not be loaded")),
  );
  return { element };
};

function specOf(props: Props, width: number): ChartSpec {
  return {
    type: props.choice("type", kTypes),
    data: props.value("data"),
    xKey: props.text("xKey", "x"),
    yKey: props.text("yKey", "y"),
    unit: props.text("unit"),
    title: props.text("title"),
    height: pixelsOf(props.value("height"), kDefaultHeight, kHeights),
    width,
  };
}

function measured(box: HTMLElement, { owner }: Context): ReadonlySignal<number> {
  const width = signal(0);
  const observer = new ResizeObserver(([entry]) => {
    width.value = Math.round(entry?.contentRect.width ?? 0);
  });
  observer.observe(box);
  owner.onDispose(() => observer.disconnect());
  return width;
}
