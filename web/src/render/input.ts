import { type Context, type Props, display } from "../context.ts";
import { h, icon, setAttribute, setText, uniqueId } from "../dom.ts";
import { toastFailures, triggerOf } from "../trigger.ts";
import { type Bound, boundTo } from "./bound.ts";
import type { Component } from "./node.ts";

const kTypes = ["text", "number", "password", "email"] as const;
const kCross = "M4 4l8 8M12 4l-8 8";
const kMinus = "M4 8h8";
const kPlus = "M4 8h8M8 4v8";

/** Input: writes what is typed to its place in the state; Enter or leaving it runs its tool. */
export const renderInput: Component = (_node, props, context) => {
  const input = h("input", "nx-input");
  const label = h("label", "nx-label");
  const helper = h("p", "nx-helper");
  const message = h("p", "nx-field-error");
  input.id = label.htmlFor = uniqueId();
  helper.id = uniqueId();
  message.id = uniqueId();
  message.setAttribute("role", "alert");
  const clear = clearButton(input);
  const box = h("div", "nx-input-box", input, clear);
  const element = h("div", "nx-field", label, box, helper, message);
  const bound = boundTo(props, context);
  showAttributes(input, bound, props, context);
  showLabel(input, label, box, bound?.name, props, context);
  const { owner } = context;
  owner.effect(() => {
    setText(helper, props.text("helper"));
    setText(message, bound?.refusal.value ?? "");
    helper.hidden = helper.textContent === "";
    message.hidden = message.textContent === "";
    const described = [helper, message].filter(({ hidden }) => !hidden).map(({ id }) => id);
    setAttribute(input, "aria-describedby", described.length > 0 ? described.join(" ") : undefined);
    setAttribute(input, "aria-invalid", message.hidden ? undefined : "true");
  });
  if (bound) connect(input, clear, bound, context);
  if (bound) addStepper(input, bound, props, context);
  const trigger = triggerOf(props, context);
  if (trigger) {
    input.addEventListener("change", () => trigger.run());
    toastFailures(trigger, context);
  }
  return { element };
};

function smallButton(className: string, label: string, path: string): HTMLButtonElement {
  const button = h("button", className, icon(path));
  button.type = "button";
  // The keyboard has its own ways: Escape and the arrow keys.
  button.tabIndex = -1;
  button.setAttribute("aria-label", label);
  return button;
}

function clearButton(input: HTMLInputElement): HTMLButtonElement {
  const clear = smallButton("nx-input-clear", "Clear", kCross);
  clear.addEventListener("click", () => {
    type(input, "");
    input.focus();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || clear.hidden || input.disabled) return;
    event.preventDefault();
    type(input, "");
  });
  return clear;
}

// As if the user had typed it.
function type(input: HTMLInputElement, text: string): void {
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function showAttributes(input: HTMLInputElement, bound: Bound | undefined, props: Props, { owner }: Context): void {
  owner.effect(() => {
    const kind = props.choice("inputType", kTypes);
    // The browser's number field refuses a caret position and hides bad input; text with a keypad does not.
    input.type = kind === "number" ? "text" : kind;
    input.inputMode = kind === "number" ? "decimal" : kind === "email" ? "email" : "text";
    input.autocomplete = kind === "email" ? "email" : "off";
    input.dataset.kind = kind;
  });
  owner.effect(() => {
    input.disabled = props.flag("disabled") || !bound?.writable();
  });
  owner.effect(() => {
    input.dataset.pending = String(bound?.pending() ?? false);
  });
}

// A placeholder vanishes while typing, so without a label of its own it becomes the label.
function showLabel(
  input: HTMLInputElement,
  label: HTMLLabelElement,
  box: HTMLElement,
  name: string | undefined,
  props: Props,
  { owner }: Context,
): void {
  owner.effect(() => {
    const text = props.text("label");
    const floats = text === "";
    // One blank at least: the style sheet asks whether a placeholder is shown.
    input.placeholder = props.text("placeholder", " ");
    setText(label, text || input.placeholder.trim());
    label.classList.toggle("nx-label-float", floats);
    if (floats) box.append(label);
    else box.before(label);
    setAttribute(input, "aria-label", label.textContent ? undefined : (name ?? "input"));
  });
}

function connect(input: HTMLInputElement, clear: HTMLElement, bound: Bound, { owner }: Context): void {
  const isNumber = () => input.dataset.kind === "number";
  const showClear = () => void (clear.hidden = input.value === "" || isNumber());
  owner.effect(() => {
    const shown = display(bound.read());
    // "1." and "1.0" are on the way to a number that is already there: leave the text alone.
    const same = isNumber() && input.value !== "" && parseNumber(input.value) === parseNumber(shown);
    if (!same) replaceValue(input, shown);
    showClear();
  });
  input.addEventListener("input", () => {
    showClear();
    if (!isNumber()) return bound.write(input.value);
    const number = parseNumber(input.value);
    setAttribute(input, "aria-invalid", number === undefined ? "true" : undefined);
    if (number !== undefined) bound.write(number);
  });
  input.addEventListener("blur", () => {
    if (!isNumber() || parseNumber(input.value) !== undefined) return;
    input.removeAttribute("aria-invalid");
    replaceValue(input, display(bound.read()));
  });
}

function parseNumber(text: string): number | undefined {
  const trimmed = text.trim().replace(",", ".");
  const number = Number(trimmed);
  return trimmed !== "" && Number.isFinite(number) ? number : undefined;
}

// Another person's edit may arrive while this one is focused: the caret stays where it was.
function replaceValue(input: HTMLInputElement, text: string): void {
  if (input.value === text) return;
  const { selectionStart, selectionEnd } = input;
  input.value = text;
  if (!input.matches(":focus") || selectionStart === null || selectionEnd === null) return;
  input.setSelectionRange(Math.min(selectionStart, text.length), Math.min(selectionEnd, text.length));
}

// Of numbers: buttons and arrow keys that go `step` up and down, from `min` to `max`.
function addStepper(input: HTMLInputElement, bound: Bound, props: Props, { owner }: Context): void {
  const limit = (name: string, fallback: number) => parseNumber(display(props.now(name))) ?? fallback;
  const go = (direction: 1 | -1, times = 1) => {
    const step = Math.abs(limit("step", 1)) || 1;
    const from = parseNumber(input.value) ?? 0;
    // Sums of decimal steps without their binary dust.
    const to = Number((from + direction * times * step).toPrecision(12));
    type(input, String(Math.min(limit("max", Number.POSITIVE_INFINITY), Math.max(limit("min", Number.NEGATIVE_INFINITY), to))));
  };
  const less = smallButton("nx-step", "Less", kMinus);
  const more = smallButton("nx-step", "More", kPlus);
  less.addEventListener("click", () => go(-1));
  more.addEventListener("click", () => go(1));
  const stepper = h("span", "nx-stepper", less, more);
  input.after(stepper);
  owner.effect(() => {
    const isNumber = props.choice("inputType", kTypes) === "number";
    stepper.hidden = !isNumber;
    setAttribute(input, "role", isNumber ? "spinbutton" : undefined);
    const value = isNumber ? parseNumber(display(bound.read())) : undefined;
    setAttribute(input, "aria-valuenow", value === undefined ? undefined : String(value));
  });
  owner.effect(() => {
    less.disabled = more.disabled = props.flag("disabled") || !bound.writable();
  });
  input.addEventListener("keydown", (event) => {
    if (stepper.hidden || input.disabled) return;
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    go(steps > 0 ? 1 : -1, Math.abs(steps));
  });
}
