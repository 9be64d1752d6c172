import { display } from "../context.ts";
import { h, icon, setText } from "../dom.ts";
import { makePressable, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";

const kNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 });
const kTrends = {
  up: { path: "M8 13V3M4 7l4-4 4 4", label: "rising" },
  down: { path: "M8 3v10M4 9l4 4 4-4", label: "falling" },
  flat: { path: "M3 8h10M10 5l3 3-3 3", label: "steady" },
} as const;

/** Metric: a number at a glance, with unit and trend; pulses once when its value changes. */
export const renderMetric: Component = (_node, props, context) => {
  const label = h("div", "nx-metric-label");
  const value = h("span", "nx-metric-value");
  const unit = h("span", "nx-metric-unit");
  const trend = h("span", "nx-metric-trend");
  const element = h("div", "nx-metric", label, h("div", "nx-metric-line", value, unit, trend));
  element.setAttribute("role", "group");
  const { owner } = context;
  owner.effect(() => {
    setText(label, props.text("label"));
    element.setAttribute("aria-label", props.text("label"));
  });
  owner.effect(() => showValue(value, formatted(props.value("value"))));
  owner.effect(() => setText(unit, props.text("unit")));
  owner.effect(() => showTrend(trend, props.value("trend")));
  const trigger = triggerOf(props, context);
  if (trigger) makePressable(element, trigger, context);
  return { element };
};

function formatted(value: unknown): string {
  return typeof value === "number" && Number.isFinite(value) ? kNumber.format(value) : display(value) || "–";
}

function showValue(element: HTMLElement, text: string): void {
  if (element.textContent === text) return;
  const first = element.textContent === "";
  element.textContent = text;
  if (first || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  element.animate([{ opacity: 0.45 }, { opacity: 1 }], { duration: 180, easing: "ease-out" });
}

function showTrend(element: HTMLElement, trend: unknown): void {
  const name = trend === "neutral" ? "flat" : trend;
  const known = name === "up" || name === "down" || name === "flat" ? kTrends[name] : undefined;
  element.hidden = !known;
  if (!known || element.dataset.trend === name) return;
  element.dataset.trend = String(name);
  element.replaceChildren(icon(known.path), h("span", "nx-hidden", known.label));
}
