/**
 * The levels of headings in one part of a view. How large a heading looks is its author's choice; where it stands in the
 * outline, which screen readers go by, follows from what contains it, so that no level is skipped.
 */
export class Outline {
  readonly #levels = new Map<number, number>();
  readonly #base: number;
  #last: number;

  /** `base` is the level of the heading above: 1 for that of the page. */
  constructor(base = 1) {
    this.#base = base;
    this.#last = base;
  }

  /** The level of a heading that its author wrote as `wanted`; the same for each of that size. */
  levelOf(wanted: number): number {
    const level = this.#levels.get(wanted) ?? Math.min(wanted, this.#last + 1);
    this.#levels.set(wanted, level);
    this.#last = level;
    return level;
  }

  /** The level of a title of a part of this part. */
  get partLevel(): number {
    return Math.min(this.#base + 1, 6);
  }

  part(): Outline {
    return new Outline(this.partLevel);
  }
}
