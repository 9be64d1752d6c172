import { effect } from "@preact/signals-core";

/**
 * The lifetime of a piece of the page: its effects and clean-ups end with it. A piece that appears inside
 * another one is its child and ends no later.
 */
export class Owner {
  #cleanups: (() => void)[] = [];

  /** Runs `body` now and again whenever a signal it read changes. A throw ends this run only. */
  effect(body: () => void): void {
    this.onDispose(
      effect(() => {
        try {
          body();
        } catch (error) {
          // One broken attribute must not stop the rest of the patch.
          console.warn("a part of the panel could not be updated:", error);
        }
      }),
    );
  }

  onDispose(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  /** A lifetime inside this one; ending it early leaves nothing behind here. */
  child(): Owner {
    const inner = new Owner();
    const end = () => inner.dispose();
    this.#cleanups.push(end);
    inner.#cleanups.push(() => {
      const at = this.#cleanups.indexOf(end);
      if (at >= 0) this.#cleanups.splice(at, 1);
    });
    return inner;
  }

  dispose(): void {
    const cleanups = this.#cleanups;
    this.#cleanups = [];
    for (const cleanup of cleanups.reverse()) cleanup();
  }
}
