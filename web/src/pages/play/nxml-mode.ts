import { StreamLanguage, type StringStream } from "@codemirror/language";
import type { StreamParser } from "@codemirror/language";
import { javascript } from "@codemirror/legacy-modes/mode/javascript";
import { xml } from "@codemirror/legacy-modes/mode/xml";

const kOpen = /^<Handler\b/;
const kClose = "</Handler";

interface State {
  markup: unknown;
  // Set inside of a handler.
  code: unknown;
  // Between "<Handler" and its ">".
  opening: boolean;
}

// A parser without copyState has a flat state.
function copy<T>(parser: StreamParser<T>, state: unknown): unknown {
  if (state === undefined) return undefined;
  return parser.copyState ? parser.copyState(state as T) : { ...(state as object) };
}

// NXML for the eye: XML, with JavaScript between <Handler> and the next </Handler>, whatever stands in between
// (docs/NXML.md, "Handlers"). The server alone decides what is right.
const kParser: StreamParser<State> = {
  name: "nxml",
  startState: (indentUnit) => ({ markup: xml.startState?.(indentUnit), code: undefined, opening: false }),
  copyState: (state) => ({ markup: copy(xml, state.markup), code: copy(javascript, state.code), opening: state.opening }),
  token(stream, state) {
    return state.code === undefined ? markupToken(stream, state) : codeToken(stream, state);
  },
  blankLine(state, indentUnit) {
    if (state.code !== undefined) javascript.blankLine?.(state.code as never, indentUnit);
  },
  indent: () => null,
  languageData: { commentTokens: { block: { open: "<!--", close: "-->" } } },
};

function markupToken(stream: StringStream, state: State): string | null {
  if (stream.match(kOpen, false)) state.opening = true;
  const style = xml.token(stream, state.markup as never);
  if (!state.opening || !stream.current().endsWith(">")) return style;
  state.opening = false;
  if (!stream.current().endsWith("/>")) state.code = javascript.startState?.(stream.indentUnit);
  return style;
}

function codeToken(stream: StringStream, state: State): string | null {
  const end = stream.string.indexOf(kClose, stream.pos);
  if (end === stream.pos) {
    state.code = undefined;
    return markupToken(stream, state);
  }
  if (stream.match("<![CDATA[") || stream.match("]]>")) return "meta";
  const style = javascript.token(stream, state.code as never);
  // A string or comment that is open at the end of the code ends with it.
  if (end >= 0 && stream.pos > end) stream.backUp(stream.pos - end);
  return style;
}

export const nxmlLanguage = StreamLanguage.define(kParser);
