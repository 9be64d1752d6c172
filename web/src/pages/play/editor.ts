import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic as Mark, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Text } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Diagnostic } from "../../protocol.ts";
import { nxmlLanguage } from "./nxml-mode.ts";
import { unitsBefore } from "./positions.ts";

// Colours of the page's theme, so that light and dark follow by themselves.
const kHighlight = HighlightStyle.define([
  { tag: [tags.tagName, tags.keyword, tags.controlKeyword, tags.definitionKeyword], color: "var(--nx-accent)" },
  { tag: [tags.attributeName, tags.propertyName], color: "var(--nx-info)" },
  { tag: [tags.string, tags.attributeValue], color: "var(--nx-success)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--nx-warn)" },
  { tag: [tags.comment, tags.meta, tags.angleBracket], color: "var(--nx-text-muted)" },
  { tag: tags.comment, fontStyle: "italic" },
]);

const kTheme = EditorView.theme({
  "&": { height: "100%", color: "var(--nx-text)", backgroundColor: "var(--nx-surface)" },
  "&.cm-focused": { outline: "2px solid var(--nx-accent)", outlineOffset: "-2px" },
  ".cm-scroller": { font: "0.8125rem/1.25rem var(--nx-mono)" },
  ".cm-content": { caretColor: "var(--nx-text)", padding: "0.5rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--nx-text)" },
  ".cm-gutters": { backgroundColor: "var(--nx-surface)", color: "var(--nx-text-muted)", border: "0", borderRight: "1px solid var(--nx-border)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.5rem" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklch, var(--nx-text) 4%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklch, var(--nx-accent) 25%, transparent)",
  },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--nx-surface)", color: "var(--nx-text)", border: "1px solid var(--nx-border)" },
  ".cm-tooltip": { borderRadius: "var(--nx-radius)", boxShadow: "var(--nx-shadow-raised)", maxWidth: "32rem" },
  ".cm-diagnostic": { font: "0.8125rem/1.25rem var(--nx-font)", padding: "0.375rem 0.625rem" },
});

// Typed over a selection of several lines, a browser's own editing joins them with style attributes, which the page's
// security policy forbids. So that goes the way of every other change.
const kTypeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.data === null || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

/** The text field of the playground. It stands in a shadow root, where its styles need no leave of the security policy. */
export class Editor {
  readonly #view: EditorView;

  constructor(host: HTMLElement, onChange: (text: string) => void) {
    const root = host.attachShadow({ mode: "open" });
    this.#view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          bracketMatching(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
          kTypeOver,
          nxmlLanguage,
          syntaxHighlighting(kHighlight),
          kTheme,
          EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ "aria-label": "NXML source", tabindex: "0", spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Replaces everything, as one step that can be undone. */
  replace(text: string): void {
    const { doc } = this.#view.state;
    if (doc.toString() === text) return;
    this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, selection: { anchor: 0 }, scrollIntoView: true });
  }

  /** Underlines what the server found. */
  mark(diagnostics: readonly Diagnostic[]): void {
    const { state } = this.#view;
    this.#view.dispatch(setDiagnostics(state, diagnostics.map((diagnostic) => markOf(diagnostic, state.doc))));
  }

  /** Puts the caret at a place, in sight. */
  reveal(line: number, column: number): void {
    const anchor = offsetOf(this.#view.state.doc, line, column);
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.#view.focus();
  }
}

function offsetOf(doc: Text, line: number, column: number): number {
  const { from, text } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return from + unitsBefore(text, column);
}

function markOf({ line, column, endLine, endColumn, severity, code, message }: Diagnostic, doc: Text): Mark {
  const from = offsetOf(doc, line, column);
  const to = Math.max(from, offsetOf(doc, endLine, endColumn));
  return { from, to, severity: severity === "error" ? "error" : "warning", message: `${message} (${code})` };
}
