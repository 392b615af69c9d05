/** One batch of best routes on its way to a sink: as text where there is time, as columns where there are many. */
import type { Family } from '../net/index.ts';
import { NetField, type NetTable } from '../path/net-table.ts';
import type { BestRouteSink } from '../rib/rib-view.ts';
import type { BestRouteChange } from '../speaker/speaker-status.ts';
import { prefixText } from './route-decoding.ts';

export interface BestRouteBatch {
  readonly count: number;
  /** @param hops next hops that share the traffic */
  add(net: number, hops: readonly string[], peer: string): void;
  addGone(net: number): void;
  deliver(sink: BestRouteSink): void;
}

/** @param limit changes that it has room for */
export function bestRouteBatch(sink: BestRouteSink, nets: NetTable, limit: number): BestRouteBatch {
  return sink.onBestRouteColumns === undefined ? new TextBatch(nets) : new ColumnBatch(nets, limit);
}

class TextBatch implements BestRouteBatch {
  readonly #nets: NetTable;
  readonly #changes: BestRouteChange[] = [];

  constructor(nets: NetTable) {
    this.#nets = nets;
  }

  get count(): number {
    return this.#changes.length;
  }

  add(net: number, hops: readonly string[], peer: string): void {
    const { family } = this.#nets;
    const change = { family, prefix: prefixText(this.#nets, net), nextHop: hops[0]!, peer };
    this.#changes.push(hops.length === 1 ? change : { ...change, nextHops: hops });
  }

  addGone(net: number): void {
    const { family } = this.#nets;
    this.#changes.push({ family, prefix: prefixText(this.#nets, net), nextHop: null, peer: null });
  }

  deliver(sink: BestRouteSink): void {
    sink.onBestRoutes(this.#changes);
  }
}

const WORDS: Readonly<Record<Family, number>> = { ipv4: 1, ipv6: 4 };

class ColumnBatch implements BestRouteBatch {
  readonly #nets: NetTable;
  readonly #wordsEach: number;
  readonly #words: Int32Array;
  readonly #lengths: Uint8Array;
  readonly #ways: Int32Array;
  readonly #nextHops: (readonly string[])[] = [];
  readonly #wayOf = new Map<string, number>();
  #lastHops: readonly string[] | null = null;
  #lastWay = 0;
  #count = 0;

  constructor(nets: NetTable, limit: number) {
    this.#nets = nets;
    this.#wordsEach = WORDS[nets.family];
    this.#words = new Int32Array(limit * this.#wordsEach);
    this.#lengths = new Uint8Array(limit);
    this.#ways = new Int32Array(limit);
  }

  get count(): number {
    return this.#count;
  }

  add(net: number, hops: readonly string[]): void {
    if (hops !== this.#lastHops) {
      this.#lastHops = hops;
      this.#lastWay = this.#way(hops);
    }
    this.#addNet(net, this.#lastWay);
  }

  addGone(net: number): void {
    this.#addNet(net, -1);
  }

  deliver(sink: BestRouteSink): void {
    sink.onBestRouteColumns?.({
      family: this.#nets.family,
      count: this.#count,
      words: this.#words,
      lengths: this.#lengths,
      ways: this.#ways,
      nextHops: this.#nextHops,
    });
  }

  #addNet(net: number, way: number): void {
    const { records } = this.#nets;
    const at = this.#count * this.#wordsEach;
    for (let i = 0; i < this.#wordsEach; i++) this.#words[at + i] = records.get(net, NetField.Address + i);
    this.#lengths[this.#count] = this.#nets.length(net);
    this.#ways[this.#count++] = way;
  }

  #way(hops: readonly string[]): number {
    const key = hops.join(' ');
    let way = this.#wayOf.get(key);
    if (way === undefined) {
      way = this.#nextHops.push(hops) - 1;
      this.#wayOf.set(key, way);
    }
    return way;
  }
}
