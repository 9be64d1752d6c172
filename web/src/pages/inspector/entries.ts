import { h } from "../../dom.ts";

const kTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

const kMaxText = 300;

/** A text cut to a few lines. */
export function short(text: string): string {
  return text.length > kMaxText ? `${text.slice(0, kMaxText)}…` : text;
}

export interface Line {
  text: string;
  level?: "error" | "warn";
}

/** One entry of a log: a name, when, and what there is to say. Lines without text are left out. */
export function entry(name: string, at: number, lines: readonly Line[], ...more: HTMLElement[]): HTMLElement {
  const time = h("time", "nx-entry-time", kTime.format(at));
  time.dateTime = new Date(at).toISOString();
  const texts = lines
    .filter(({ text }) => text !== "")
    .map(({ text, level }) => {
      const line = h("p", "nx-entry-text", text);
      if (level) line.dataset.level = level;
      return line;
    });
  return h("li", "nx-entry", h("div", "nx-entry-head", h("span", "nx-entry-name", name), ...more, time), ...texts);
}

/** At most one call of `draw` a frame, however often it is asked for. Returns how to ask and how to end. */
export function onceAFrame(draw: () => void): { ask: () => void; end: () => void } {
  let frame = 0;
  return {
    ask: () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
    },
    end: () => cancelAnimationFrame(frame),
  };
}
