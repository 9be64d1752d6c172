// A scrolling box that has elements only for the rows in sight, of any height.

const kOverscan = 8;
const kAtEndPx = 8;
// Measuring new rows may bring more into sight; it settles after very few rounds.
const kMaxRounds = 4;
// What a row is thought to be until it is measured.
const kUsualPx = 20;

export interface Rows {
  readonly count: number;
  /** What tells a row apart from others as long as it exists. */
  numberOf(row: number): number;
  render(row: number): HTMLElement;
}

export class VirtualList {
  /** Whether the end stays in sight as rows come. */
  following = true;
  readonly #viewport: HTMLElement;
  readonly #rows: Rows;
  readonly #spacer = document.createElement("div");
  readonly #window = document.createElement("div");
  readonly #elements = new Map<number, HTMLElement>();
  // By row; 0 until it is measured.
  #heights: number[] = [];
  // The sum of what the rows are, or are thought to be.
  #total = 0;
  // A row near those in sight and where it begins: looking for a place starts there, since most moves are short.
  #near = { row: 0, top: 0 };

  /** `onScroll` hears of each move, and whether it led to the end. */
  constructor(viewport: HTMLElement, rows: Rows, onScroll: (atEnd: boolean) => void) {
    this.#viewport = viewport;
    this.#rows = rows;
    this.#spacer.className = "nx-virtual";
    this.#window.className = "nx-virtual-window";
    this.#spacer.append(this.#window);
    viewport.append(this.#spacer);
    const scrolled = () => {
      const { scrollHeight, scrollTop, clientHeight } = viewport;
      onScroll(scrollHeight - scrollTop - clientHeight <= kAtEndPx);
      this.show();
    };
    viewport.addEventListener("scroll", scrolled, { passive: true });
  }

  /** This many rows left at the front: what is in sight stays where it is. */
  removeAtFront(rows: number): void {
    let height = 0;
    for (const measured of this.#heights.splice(0, rows)) height += measured || kUsualPx;
    this.#total -= height;
    const { row, top } = this.#near;
    this.#near = row >= rows ? { row: row - rows, top: top - height } : { row: 0, top: 0 };
    if (!this.following) this.#viewport.scrollTop -= height;
  }

  /** Forgets what is known about the rows: their heights changed, or they are others. */
  reset(): void {
    this.#heights = [];
    this.#total = 0;
    this.#near = { row: 0, top: 0 };
    for (const element of this.#elements.values()) element.remove();
    this.#elements.clear();
  }

  toEnd(): void {
    this.following = true;
    this.show();
  }

  /** Puts elements where the rows in sight are. Call after each change of the rows. */
  show(): void {
    // Not on the page, or hidden: the first size that it gets shows it.
    if (this.#viewport.clientHeight === 0) return;
    const { count } = this.#rows;
    this.#resize(count);
    for (let round = 0; round < kMaxRounds; round++) {
      this.#spacer.style.height = `${this.#total}px`;
      if (this.following) this.#viewport.scrollTop = this.#total;
      if (!this.#place(count)) return;
    }
  }

  #resize(count: number): void {
    for (const height of this.#heights.splice(count)) this.#total -= height || kUsualPx;
    this.#total += (count - this.#heights.length) * kUsualPx;
    while (this.#heights.length < count) this.#heights.push(0);
    if (this.#near.row >= count) this.#near = { row: 0, top: 0 };
  }

  // Returns whether a height turned out other than thought.
  #place(count: number): boolean {
    const { scrollTop, clientHeight } = this.#viewport;
    const height = (row: number) => this.#heights[row] || kUsualPx;
    let { row: first, top } = this.#near;
    while (first > 0 && top > scrollTop) top -= height(--first);
    while (first < count - 1 && top + height(first) <= scrollTop) top += height(first++);
    const inSight = first;
    while (first > 0 && first > inSight - kOverscan) top -= height(--first);
    let [last, bottom] = [first, top];
    while (last < count && bottom < scrollTop + clientHeight + kOverscan * kUsualPx) bottom += height(last++);
    this.#near = { row: first, top };
    this.#fill(first, last);
    this.#window.style.transform = `translateY(${top}px)`;
    return this.#measure(first, last, inSight);
  }

  #fill(first: number, last: number): void {
    const wanted = new Set<number>();
    for (let row = first; row < last; row++) wanted.add(this.#rows.numberOf(row));
    for (const [number, element] of this.#elements) {
      if (wanted.has(number)) continue;
      element.remove();
      this.#elements.delete(number);
    }
    let next = this.#window.firstChild;
    for (let row = first; row < last; row++) {
      const number = this.#rows.numberOf(row);
      const element = this.#elements.get(number) ?? this.#rows.render(row);
      if (element === next) {
        next = element.nextSibling;
        continue;
      }
      this.#elements.set(number, element);
      this.#window.insertBefore(element, next);
    }
  }

  #measure(first: number, last: number, inSight: number): boolean {
    let [changed, above] = [false, 0];
    for (let row = first; row < last; row++) {
      const height = this.#elements.get(this.#rows.numberOf(row))?.offsetHeight ?? 0;
      const thought = this.#heights[row] || kUsualPx;
      if (height === 0) continue;
      this.#heights[row] = height;
      if (height === thought) continue;
      this.#total += height - thought;
      changed = true;
      if (row < inSight) above += height - thought;
    }
    // What is read must not move because rows above it turned out taller.
    if (above !== 0 && !this.following) this.#viewport.scrollTop += above;
    return changed;
  }
}
