/** Which dynamic neighbor a client's address belongs to: of all ranges that hold it the longest wins. */
import { containsAddress, type Prefix, parseAddress, parsePrefix } from '../net/index.ts';
import type { DynamicNeighborConfig } from './speaker-config.ts';

interface Range {
  readonly prefix: Prefix;
  readonly neighbor: DynamicNeighborConfig;
}

export class ListenRanges {
  /** Longest first; among equal ones the order of the configuration. */
  readonly #ranges: readonly Range[];

  constructor(neighbors: readonly DynamicNeighborConfig[]) {
    this.#ranges = neighbors
      .flatMap((neighbor) => neighbor.listenRanges.map((text) => ({ prefix: parsePrefix(text), neighbor })))
      .filter((range): range is Range => range.prefix !== null)
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Null: outside every range. O(ranges). */
  find(address: string): DynamicNeighborConfig | null {
    const bytes = parseAddress(address);
    if (bytes === null) return null;
    return this.#ranges.find(({ prefix }) => containsAddress(prefix, bytes))?.neighbor ?? null;
  }
}
