/**
 * The prefixes that this node announces: those of its own that are in the kernel. What is announced stays so while
 * somebody else's deletion is being repaired; it goes when it is not desired any more, or the kernel refuses it.
 */

type RouteState = 'none' | 'present' | 'pending' | 'refused';

export class OriginatedSet {
  #prefixes: readonly string[] = [];
  readonly #listeners = new Set<(prefixes: readonly string[]) => void>();

  list(): readonly string[] {
    return this.#prefixes;
  }

  /** @returns the function that ends it */
  listen(listener: (prefixes: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** @param candidates in canonical order */
  update(candidates: readonly string[], stateOf: (prefix: string) => RouteState): void {
    const before = new Set(this.#prefixes);
    const after = candidates.filter((prefix) => {
      const state = stateOf(prefix);
      return state === 'present' || (state === 'pending' && before.has(prefix));
    });
    if (after.length === before.size && after.every((prefix) => before.has(prefix))) return;
    this.#prefixes = after;
    for (const listener of [...this.#listeners]) listener(after);
  }
}
