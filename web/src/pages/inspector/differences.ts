import { isObject } from "../../paths.ts";
import type { Json } from "../../protocol.ts";

/** One place where two values differ; `before` or `after` is undefined where one of them has no such place. */
export interface Difference {
  /** As one would write it in a handler: `rows[1].name`. */
  place: string;
  before: Json | undefined;
  after: Json | undefined;
}

const kPlain = /^[A-Za-z_$][\w$]*$/;

function memberOf(place: string, key: string): string {
  if (!kPlain.test(key)) return `${place}[${JSON.stringify(key)}]`;
  return place === "" ? key : `${place}.${key}`;
}

/** Where `after` differs from `before`, in the order of their members; at most `limit` places. */
export function differencesOf(before: Json | undefined, after: Json | undefined, limit: number): Difference[] {
  const found: Difference[] = [];
  const compare = (place: string, old: Json | undefined, fresh: Json | undefined): void => {
    if (found.length >= limit || old === fresh) return;
    if (Array.isArray(old) && Array.isArray(fresh)) {
      for (let at = 0; at < Math.max(old.length, fresh.length) && found.length < limit; at++) compare(`${place}[${at}]`, old[at], fresh[at]);
    } else if (isObject(old) && isObject(fresh)) {
      for (const key of new Set([...Object.keys(old), ...Object.keys(fresh)]))
        compare(memberOf(place, key), Object.hasOwn(old, key) ? old[key] : undefined, Object.hasOwn(fresh, key) ? fresh[key] : undefined);
    } else {
      found.push({ place, before: old, after: fresh });
    }
  };
  compare("", before, after);
  return found;
}
