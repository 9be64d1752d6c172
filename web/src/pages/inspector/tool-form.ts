import { h, setText, uniqueId } from "../../dom.ts";
import type { ArgInfo, ExecutionResult, Json, ToolInfo } from "../../protocol.ts";

/** Runs a tool; rejects when no run was started or its outcome was lost. */
export type RunTool = (tool: string, args: Json) => Promise<ExecutionResult>;

/** What a field of this argument holds; undefined leaves the argument out. Throws what is wrong with it, for its user. */
export function readArgument({ type, required }: ArgInfo, text: string, checked: boolean): Json | undefined {
  if (type === "boolean") return checked;
  if (type === "string") return text === "" && !required ? undefined : text;
  if (text.trim() === "") {
    if (required) throw new Error("This argument is required.");
    return undefined;
  }
  return type === "number" ? readNumber(text) : readJson(type, text);
}

function readNumber(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Error("Write a number, such as 12.5.");
  return number;
}

function readJson(type: "list" | "object", text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const fits = type === "list" ? Array.isArray(value) : typeof value === "object" && value !== null && !Array.isArray(value);
  if (!fits) throw new Error(type === "list" ? "Write a list, such as [1, 2]." : 'Write an object, such as {"a": 1}.');
  return value;
}

interface Field {
  element: HTMLElement;
  arg: ArgInfo;
  /** Throws after it has shown what is wrong. */
  read(): Json | undefined;
}

function controlOf({ type, required, default: given }: ArgInfo): HTMLInputElement | HTMLTextAreaElement {
  const start = given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given);
  if (type === "list" || type === "object") {
    const area = h("textarea", "nx-input nx-call-json");
    area.rows = 3;
    area.spellcheck = false;
    area.placeholder = type === "list" ? "[]" : "{}";
    area.value = start;
    return area;
  }
  const input = h("input", type === "boolean" ? "nx-call-check" : "nx-input");
  if (type === "boolean") {
    input.type = "checkbox";
    input.checked = given === true;
    return input;
  }
  input.type = "text";
  input.autocomplete = "off";
  if (type === "number") input.inputMode = "decimal";
  input.value = start;
  input.required = required && type !== "string";
  return input;
}

function fieldOf(arg: ArgInfo): Field {
  const control = controlOf(arg);
  const label = h("label", "nx-call-label", arg.name, h("span", "nx-call-type", `${arg.type}${arg.required ? "" : ", optional"}`));
  control.id = label.htmlFor = uniqueId();
  const message = h("p", "nx-field-error");
  message.id = uniqueId();
  message.hidden = true;
  message.setAttribute("role", "alert");
  control.setAttribute("aria-describedby", message.id);
  const helper = arg.description ? h("p", "nx-helper", arg.description) : undefined;
  const line = arg.type === "boolean" ? [h("div", "nx-call-line", control, label)] : [label, control];
  return {
    element: h("div", "nx-call-field", ...line, helper, message),
    arg,
    read() {
      message.hidden = true;
      control.removeAttribute("aria-invalid");
      try {
        return readArgument(arg, control.value, control instanceof HTMLInputElement && control.checked);
      } catch (error) {
        setText(message, error instanceof Error ? error.message : String(error));
        message.hidden = false;
        control.setAttribute("aria-invalid", "true");
        control.focus();
        throw error;
      }
    },
  };
}

function resultOf(result: ExecutionResult): HTMLElement {
  const time = result.metrics ? ` in ${durationText(result.metrics.durationUs)}` : "";
  if (result.status === "error")
    return h("p", "nx-call-failed", `Failed${time}: ${result.error?.message ?? "no reason given"} (${result.error?.code ?? ""})`);
  const head = h("p", "nx-call-done", `Done${time}`);
  if (result.returnValue === undefined) return head;
  return h("div", "", head, h("pre", "nx-call-value", JSON.stringify(result.returnValue, null, 2)));
}

/** Microseconds as people read them. */
export function durationText(us: number): string {
  if (us < 1000) return `${us} µs`;
  return us < 1_000_000 ? `${(us / 1000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}

/** A form that calls one tool with the arguments it declares. */
export function toolForm(tool: ToolInfo, run: RunTool): HTMLElement {
  const fields = tool.args.map(fieldOf);
  const button = h("button", "nx-button", "Run");
  button.type = "submit";
  button.setAttribute("aria-label", `Run ${tool.name}`);
  const outcome = h("div", "nx-call-outcome");
  outcome.setAttribute("role", "status");
  const form = h("form", "nx-call-form", ...fields.map(({ element }) => element), button, outcome);
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const args: Record<string, Json> = {};
    try {
      for (const field of fields) {
        const value = field.read();
        if (value !== undefined) args[field.arg.name] = value;
      }
    } catch {
      return; // The field says what is wrong.
    }
    button.ariaBusy = "true";
    button.disabled = true;
    setText(outcome, "Running");
    run(tool.name, args)
      .then(
        (result) => outcome.replaceChildren(resultOf(result)),
        (error: unknown) => outcome.replaceChildren(h("p", "nx-call-failed", error instanceof Error ? error.message : String(error))),
      )
      .finally(() => {
        button.ariaBusy = "false";
        button.disabled = false;
      });
  });
  const summary = h("summary", "nx-call-summary", h("code", "nx-call-name", tool.name), h("span", "nx-call-text", tool.description ?? ""));
  return h("details", "nx-call", summary, form);
}
