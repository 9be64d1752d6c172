import { type Context, type Props, display } from "../context.ts";
import { h, icon, setAttribute, setText, uniqueId } from "../dom.ts";
import { toastFailures, triggerOf } from "../trigger.ts";
import { type Bound, boundTo } from "./bound.ts";
import type { Component } from "./node.ts";

const kTypes = ["text", "number", "password", "email"] as const;
const kCross = "M4 4l8 8M12 4l-8 8";

/** Input: writes what is typed to its place in the state; Enter or leaving it runs its tool. */
export const renderInput: Component = (_node, props, context) => {
  const input = h("input", "nx-input");
  const label = h("label", "nx-label");
  const message = h("p", "nx-field-error");
  input.id = label.htmlFor = uniqueId();
  message.id = uniqueId();
  message.setAttribute("role", "alert");
  const clear = clearButton(input);
  const box = h("div", "nx-input-box", input, clear);
  const element = h("div", "nx-field", label, box, message);
  const bound = boundTo(props, context);
  showAttributes(input, bound, props, context);
  showLabel(input, label, box, bound?.name, props, context);
  if (bound) {
    connect(input, clear, bound, context);
    context.owner.effect(() => showRefusal(input, message, bound.refusal.value));
  }
  const trigger = triggerOf(props, context);
  if (trigger) {
    input.addEventListener("change", () => void trigger.run());
    toastFailures(trigger, context);
  }
  return { element };
};

function clearButton(input: HTMLInputElement): HTMLButtonElement {
  const clear = h("button", "nx-input-clear", icon(kCross));
  clear.type = "button";
  clear.tabIndex = -1;
  clear.setAttribute("aria-label", "Clear");
  clear.addEventListener("click", () => {
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  });
  return clear;
}

function showAttributes(input: HTMLInputElement, bound: Bound | undefined, props: Props, { owner }: Context): void {
  owner.effect(() => {
    const type = props.choice("inputType", kTypes);
    // The browser's number field refuses a caret position and hides bad input; text with a keypad does not.
    input.type = type === "number" ? "text" : type;
    input.inputMode = type === "number" ? "decimal" : type === "email" ? "email" : "text";
    input.dataset.kind = type;
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
  owner.effect(() => {
    const shown = display(bound.read());
    // "1." and "1.0" are on the way to a number that is already there: leave the text alone.
    const same = isNumber() && input.value !== "" && parseNumber(input.value) === parseNumber(shown);
    if (!same) replaceValue(input, shown);
    clear.hidden = input.value === "";
  });
  input.addEventListener("input", () => {
    clear.hidden = input.value === "";
    if (!isNumber()) return bound.write(input.value);
    const number = parseNumber(input.value);
    input.setAttribute("aria-invalid", String(number === undefined));
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
  if (document.activeElement !== input || selectionStart === null || selectionEnd === null) return;
  input.setSelectionRange(Math.min(selectionStart, text.length), Math.min(selectionEnd, text.length));
}

function showRefusal(input: HTMLInputElement, message: HTMLElement, text: string): void {
  setText(message, text);
  message.hidden = text === "";
  setAttribute(input, "aria-invalid", text === "" ? undefined : "true");
  setAttribute(input, "aria-describedby", text === "" ? undefined : message.id);
}
