// Which rows of a list stay, move, come and go: the pure half of Iterate.

export type Key = string;

/**
 * One key per item, unique within the list: the item's property `name`, or its position when it has none. A
 * key that comes twice is told apart by its occurrence, so that doubled data shows twice.
 */
export function keysOf(items: readonly unknown[], name: string | undefined): Key[] {
  const seen = new Map<Key, number>();
  return items.map((item, index) => {
    const key = baseKey(item, index, name);
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return count === 0 ? key : `${key}#${count}`;
  });
}

function baseKey(item: unknown, index: number, name: string | undefined): Key {
  if (name === undefined || typeof item !== "object" || item === null || !Object.hasOwn(item, name)) return `@${index}`;
  const value = (item as Record<string, unknown>)[name];
  return typeof value === "string" ? `s:${value}` : `${typeof value}:${JSON.stringify(value)}`;
}

/**
 * The positions in `next` of rows that can stay where they are: the longest run of old rows whose order did
 * not change. All others have to be moved or made; no smaller number of moves is possible.
 */
export function staying(previous: readonly Key[], next: readonly Key[]): Set<number> {
  const before = new Map(previous.map((key, index) => [key, index]));
  // tails[n] is the position in `next` that ends the best increasing run of length n + 1.
  const tails: number[] = [];
  const origin = next.map((key) => before.get(key) ?? -1);
  const link = new Array<number>(next.length).fill(-1);
  origin.forEach((from, at) => {
    if (from < 0) return;
    const length = lowerBound(tails, from, origin);
    if (length > 0) link[at] = tails[length - 1] ?? -1;
    tails[length] = at;
  });
  const result = new Set<number>();
  for (let at = tails.at(-1) ?? -1; at >= 0; at = link[at] ?? -1) result.add(at);
  return result;
}

function lowerBound(tails: readonly number[], from: number, origin: readonly number[]): number {
  let low = 0;
  let high = tails.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((origin[tails[middle] ?? 0] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
