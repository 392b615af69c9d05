/**
 * Counters of peers without series of their own, summed so that the sum never falls: what counts is how much
 * each peer's counter has grown since the last look, so a peer that leaves takes nothing with it.
 */
export class FoldedCounters {
  readonly #seen = new Map<string, readonly number[]>();
  #sums: number[] = [];

  /**
   * @param counts one peer's counters as absolute values, the same ones in the same order for every peer
   * @param isNamed the peer has series of its own now: its growth is shown there
   */
  observe(peer: string, counts: readonly number[], isNamed: boolean): void {
    const seen = this.#seen.get(peer);
    this.#seen.set(peer, counts);
    if (isNamed) return;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!;
      const before = seen?.[i] ?? 0;
      // Less than before: the peer was removed and added again, and counts from zero.
      this.#sums[i] = (this.#sums[i] ?? 0) + (count >= before ? count - before : count);
    }
  }

  /** Forgets peers that are gone. */
  keepOnly(peers: ReadonlySet<string>): void {
    for (const peer of this.#seen.keys()) if (!peers.has(peer)) this.#seen.delete(peer);
  }

  /** In the order of `counts`; empty as long as no peer was without series of its own. */
  sums(): readonly number[] {
    return this.#sums;
  }
}
