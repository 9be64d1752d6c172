// Where the cards of a long list stand: only those near the window are in the document.

export type Mode = "grid" | "list";

/** Lengths in CSS pixels. */
export interface Layout {
  columns: number;
  width: number;
  height: number;
  gap: number;
}

const kSizesRem = {
  grid: { least: 17, height: 19.5, gap: 1 },
  list: { least: Infinity, height: 4.25, gap: 0 },
} as const;
// A list's row has two lines where one has no room.
const kNarrowRem = 40;
const kNarrowRowRem = 6.25;

/** The layout for a list `width` wide, where one rem is `rem` pixels. */
export function layoutOf(mode: Mode, width: number, rem: number): Layout {
  const size = kSizesRem[mode];
  const gap = size.gap * rem;
  const columns = Math.max(1, Math.floor((width + gap) / (size.least * rem + gap)));
  const height = mode === "list" && width < kNarrowRem * rem ? kNarrowRowRem : size.height;
  return { columns, width: (width - gap * (columns - 1)) / columns, height: height * rem, gap };
}

/** The height of `total` cards. */
export function heightOf({ columns, height, gap }: Layout, total: number): number {
  const rows = Math.ceil(total / columns);
  return rows === 0 ? 0 : rows * (height + gap) - gap;
}

/** The places, from first to before end, whose cards touch the stretch from `top` to `bottom`. */
export function placesIn({ columns, height, gap }: Layout, total: number, top: number, bottom: number): [first: number, end: number] {
  const pitch = height + gap;
  const first = Math.max(0, Math.floor((top + gap) / pitch)) * columns;
  const end = Math.max(0, Math.ceil(bottom / pitch)) * columns;
  return [Math.min(first, total), Math.min(Math.max(first, end), total)];
}

/** Where the card of a place has its upper left corner. */
export function cornerOf({ columns, width, height, gap }: Layout, place: number): { x: number; y: number } {
  return { x: (place % columns) * (width + gap), y: Math.floor(place / columns) * (height + gap) };
}
