// The numbers behind a chart: points from records, round axis steps, slices of a pie.

export interface Point {
  label: string;
  value: number;
}

// Beyond this many points a chart of a few hundred pixels shows nothing more.
const kMaxPoints = 1000;

/** One point per record that has a finite number under `yKey`. */
export function pointsOf(data: unknown, xKey: string, yKey: string): Point[] {
  if (!Array.isArray(data)) return [];
  return data
    .slice(-kMaxPoints)
    .map((record: unknown, index) => ({
      label: String(own(record, xKey) ?? index + 1),
      value: Number(own(record, yKey) ?? (typeof record === "number" ? record : Number.NaN)),
    }))
    .filter(({ value }) => Number.isFinite(value));
}

function own(record: unknown, key: string): unknown {
  if (typeof record !== "object" || record === null || !Object.hasOwn(record, key)) return undefined;
  return (record as Record<string, unknown>)[key];
}

export interface Axis {
  min: number;
  max: number;
  ticks: number[];
}

/** A value axis with about `count` round steps. Starts at zero when `fromZero` or when the values are near it. */
export function axisOf(values: readonly number[], fromZero: boolean, count = 4): Axis {
  let low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  let high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  if (fromZero || (low > 0 && low < high / 2)) low = Math.min(0, low);
  if (fromZero) high = Math.max(0, high);
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const step = roundStep((high - low) / count);
  const min = Math.floor(low / step) * step;
  const steps = Math.max(1, Math.ceil((high - min) / step - 1e-9));
  const ticks = Array.from({ length: steps + 1 }, (_, index) => Number((min + index * step).toPrecision(12)));
  return { min, max: ticks.at(-1) ?? high, ticks };
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const scaled = raw / power;
  return power * (scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10);
}

export interface Slice extends Point {
  // Turns from the top, clockwise, 0 to 1.
  start: number;
  end: number;
}

/** The shares of the positive points of a pie. */
export function slicesOf(points: readonly Point[]): Slice[] {
  const positive = points.filter(({ value }) => value > 0);
  const total = positive.reduce((sum, { value }) => sum + value, 0);
  let start = 0;
  return positive.map((point) => {
    const slice = { ...point, start, end: start + point.value / total };
    start = slice.end;
    return slice;
  });
}
