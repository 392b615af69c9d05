/**
 * Counters of peers without series of their own, summed so that the sum never falls: what counts is how much
 * each peer's counter has grown since the last look, so a peer that leaves takes nothing with it.
 */
export class FoldedCounters {
  readonly #seen = new Map<string, Map<string, number>>();
  readonly #sums = new Map<string, number>();

  /**
   * @param counts one peer's counters by series, as absolute values
   * @param isNamed the peer has series of its own now: its growth is shown there
   */
  observe(peer: string, counts: ReadonlyMap<string, number>, isNamed: boolean): void {
    const seen = this.#seen.get(peer) ?? new Map<string, number>();
    this.#seen.set(peer, seen);
    for (const [series, count] of counts) {
      const before = seen.get(series) ?? 0;
      seen.set(series, count);
      // Less than before: the peer was removed and added again, and counts from zero.
      const growth = count >= before ? count - before : count;
      if (!isNamed) this.#sums.set(series, (this.#sums.get(series) ?? 0) + growth);
    }
  }

  /** Forgets peers that are gone. */
  keepOnly(peers: ReadonlySet<string>): void {
    for (const peer of this.#seen.keys()) if (!peers.has(peer)) this.#seen.delete(peer);
  }

  sums(): ReadonlyMap<string, number> {
    return this.#sums;
  }
}
