// The numbers behind a chart: series from records, round axis steps, slices of a pie.

export interface Series {
  name: string;
  // One per record; undefined where a record has no finite number.
  values: (number | undefined)[];
}

export interface ChartData {
  labels: string[];
  series: Series[];
}

// Numbers of this size are milliseconds since the epoch, from 1973 on.
const kFirstTime = 1e11;
const kIsoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d|$)/;
const kDayMs = 86_400_000;

/** The records' numbers under each of `yKeys`; a list of plain numbers is one series. Records without any are left out. */
export function dataOf(data: unknown, xKey: string, yKeys: readonly string[]): ChartData {
  const records = Array.isArray(data) ? (data as unknown[]) : [];
  const rows = records
    .map((record, index) => ({
      x: own(record, xKey) ?? index + 1,
      y: yKeys.map((key) => finite(own(record, key) ?? (typeof record === "number" ? record : undefined))),
    }))
    .filter(({ y }) => y.some((value) => value !== undefined));
  return {
    labels: labelsOf(rows.map(({ x }) => x)),
    series: yKeys.map((name, at) => ({ name, values: rows.map(({ y }) => y[at]) })),
  };
}

function own(record: unknown, key: string): unknown {
  if (typeof record !== "object" || record === null || !Object.hasOwn(record, key)) return undefined;
  return (record as Record<string, unknown>)[key];
}

function finite(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : undefined;
}

// Times are shown as such, with what tells them apart: hours within two days, dates beyond.
function labelsOf(values: readonly unknown[]): string[] {
  const times = values.map(timeOf);
  if (times.length < 2 || times.some((time) => time === undefined)) return values.map(String);
  const known = times as number[];
  const span = known.reduce((a, b) => Math.max(a, b)) - known.reduce((a, b) => Math.min(a, b));
  const format = new Intl.DateTimeFormat(
    undefined,
    span < 2 * kDayMs ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric" },
  );
  return known.map((time) => format.format(time));
}

function timeOf(value: unknown): number | undefined {
  if (typeof value === "number") return value >= kFirstTime && value < 1e14 ? value : undefined;
  if (typeof value !== "string" || !kIsoTime.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The positions worth drawing when there are more than `most`: in each stretch of the data the least and the greatest of
 * every series, so that no peak is lost.
 */
export function worthDrawing({ labels, series }: ChartData, most: number): number[] {
  const count = labels.length;
  if (count <= most) return labels.map((_, index) => index);
  const stretches = Math.max(1, Math.floor(most / (2 * series.length)));
  const keep = new Set([0, count - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * count) / stretches);
    const to = Math.floor(((stretch + 1) * count) / stretches);
    for (const { values } of series) {
      let [least, greatest] = [from, from];
      for (let at = from; at < to; at++) {
        if ((values[at] ?? Number.POSITIVE_INFINITY) < (values[least] ?? Number.POSITIVE_INFINITY)) least = at;
        if ((values[at] ?? Number.NEGATIVE_INFINITY) > (values[greatest] ?? Number.NEGATIVE_INFINITY)) greatest = at;
      }
      keep.add(least).add(greatest);
    }
  }
  return [...keep].sort((a, b) => a - b);
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

export interface Slice {
  // Position in the data.
  at: number;
  label: string;
  value: number;
  // Turns from the top, clockwise, 0 to 1.
  start: number;
  end: number;
}

/** The shares of the positive values of a pie; `hidden` positions take no part. */
export function slicesOf(labels: readonly string[], values: Series["values"], hidden: ReadonlySet<number> = new Set()): Slice[] {
  const shown = labels.flatMap((label, at) => {
    const value = values[at] ?? 0;
    return value > 0 && !hidden.has(at) ? [{ at, label, value }] : [];
  });
  const total = shown.reduce((sum, { value }) => sum + value, 0);
  let start = 0;
  return shown.map((part) => {
    const slice = { ...part, start, end: start + part.value / total };
    start = slice.end;
    return slice;
  });
}
