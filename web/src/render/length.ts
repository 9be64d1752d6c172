/**
 * A height as NXML writes it, in pixels: a number, or a length in px, rem, em, vh or %, of which the last two are shares
 * of the window. Anything else is `fallback`; the result stays within the bounds.
 */
export function pixelsOf(value: unknown, fallback: number, { least, most }: { least: number; most: number }): number {
  const [, amount, unit = ""] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(px|rem|em|vh|%)?\s*$/.exec(String(value ?? "")) ?? [];
  if (amount === undefined) return fallback;
  const pixels = Number(amount) * pixelsPer(unit);
  return Math.min(Math.max(pixels, least), most);
}

function pixelsPer(unit: string): number {
  if (unit === "rem" || unit === "em") return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  if (unit === "vh" || unit === "%") return innerHeight / 100;
  return 1;
}
