/**
 * Every prefix that somebody claims, the route that BGP learnt to it, and whether it must be settled anew. A claim
 * is an id, and what is known of it stands in columns: there may be hundreds of thousands.
 *
 * Learnt routes come as streams (the role link connects, tells everything, says End-of-RIB). A new stream makes
 * everything from earlier ones stale: it stays until the new one is complete, so that a restart of the speaker
 * takes no route away.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { LearntColumns, LearntRouteChange } from '../agent-api.ts';
import { IdQueue } from '../prefix/id-queue.ts';
import { PrefixKey } from '../prefix/prefix-key.ts';
import { grown, NO_ID, PrefixTable, sharedWords } from '../prefix/prefix-table.ts';
import { type Encapsulation, type Way, wayKey } from './way.ts';

/** Where a learnt route goes; shared by all routes of one stream with the same next hops. */
export interface Origin extends Way {
  readonly stream: number;
}

/** What holds for every route to a prefix, whatever its next hops. Many claims share one. */
export interface Placement {
  readonly encapsulation: Encapsulation;
  /** Why a route that leads to others is never programmed; null: it is. */
  readonly obstacle: Obstacle | null;
}

export interface Obstacle {
  /** What to tell about it; null: it is as it should be. */
  readonly text: string | null;
}

const Mark = {
  /** Waits to be settled. */
  Dirty: 1,
  /** The resources say, or said, something of the prefix. */
  Touched: 2,
} as const;

const FIRST_CAPACITY = 1024;

export class ClaimTable {
  readonly #prefixes: PrefixTable;
  readonly #learnt: (Origin | null)[] = [];
  #marks = sharedWords(FIRST_CAPACITY);
  /** Null: nobody has looked. */
  readonly #placements: (Placement | null)[] = [];
  readonly #dirty = new IdQueue();
  readonly #key = new PrefixKey();
  #origins = new Map<string, Origin>();
  #stream = 0;
  #incomplete = new Set<Family>(FAMILIES);
  #learntCount = 0;

  /** @param seed a number that peers do not know */
  constructor(seed = 0) {
    this.#prefixes = new PrefixTable(seed);
  }

  get learntCount(): number {
    return this.#learntCount;
  }

  get hasDirty(): boolean {
    return !this.#dirty.isEmpty;
  }

  learntWay(prefix: string): Way | null {
    const claim = this.#prefixes.find(this.#key.parse(prefix));
    return claim === NO_ID ? null : this.#learnt[claim]!;
  }

  /** The way of the learnt route, or null. */
  learnt(claim: number): Way | null {
    return this.#learnt[claim]!;
  }

  /** False for what nobody but BGP ever said something of. */
  isTouched(claim: number): boolean {
    return (this.#marks[claim]! & Mark.Touched) !== 0;
  }

  placement(claim: number): Placement | null {
    return this.#placements[claim]!;
  }

  setPlacement(claim: number, placement: Placement): void {
    this.#placements[claim] = placement;
  }

  /** Fills `key`. @returns it */
  readPrefix(claim: number, key: PrefixKey): PrefixKey {
    return this.#prefixes.read(claim, key);
  }

  /** Something that the resources say of the prefix may have changed. */
  touch(prefix: string): void {
    const claim = this.#claim(this.#key.parse(prefix));
    this.#marks[claim] = this.#marks[claim]! | Mark.Touched;
    this.#markDirty(claim);
  }

  touchLearnt(isTouched: (placement: Placement | null, way: Way) => boolean): void {
    for (let claim = 0; claim < this.#learnt.length; claim++) {
      const way = this.#learnt[claim]!;
      if (way !== null && isTouched(this.#placements[claim]!, way)) this.#markDirty(claim);
    }
  }

  /** What was found out about the prefixes themselves holds no longer. */
  forgetPlacements(): void {
    this.#placements.fill(null);
  }

  waysInUse(): Iterable<Way> {
    const ways = new Set<Way>();
    for (const learnt of this.#learnt) if (learnt !== null) ways.add(learnt);
    return ways;
  }

  startStream(): void {
    this.#stream++;
    this.#origins = new Map();
    this.#incomplete = new Set(FAMILIES);
  }

  change({ prefix, nextHop, nextHops }: LearntRouteChange): void {
    const key = this.#key.parse(prefix);
    this.#change(key, nextHop === null ? null : this.#origin(nextHops ?? [nextHop]));
  }

  /** The changes [from, to). */
  changeColumns({ family, words, lengths, ways, nextHops }: LearntColumns, from: number, to: number): void {
    const key = this.#key;
    let lastWay = -1;
    let origin: Origin | null = null;
    for (let i = from; i < to; i++) {
      if (family === 'ipv4') key.setIpv4(words[i]!, lengths[i]!);
      else key.setIpv6(words, i * 4, lengths[i]!);
      const way = ways[i]!;
      if (way !== lastWay) origin = way < 0 ? null : this.#origin(nextHops[way]!);
      lastWay = way;
      this.#change(key, origin);
    }
  }

  /** The stream is complete for `family`: what it did not repeat goes. */
  completeStream(family: Family): void {
    this.#incomplete.delete(family);
    for (let claim = 0; claim < this.#learnt.length; claim++) {
      const learnt = this.#learnt[claim]!;
      if (learnt === null || learnt.stream === this.#stream) continue;
      if (this.#prefixes.isIpv6(claim) === (family === 'ipv6')) this.#setLearnt(claim, null);
    }
  }

  isComplete(family: Family): boolean {
    return !this.#incomplete.has(family);
  }

  /** The next claim to be settled, or -1. */
  takeDirty(): number {
    const claim = this.#dirty.shift();
    if (claim !== NO_ID) this.#marks[claim] = this.#marks[claim]! & ~Mark.Dirty;
    return claim;
  }

  /** A settled claim that nobody makes any more is forgotten. */
  releaseUnclaimed(claim: number): void {
    if (this.#learnt[claim] !== null || (this.#marks[claim]! & Mark.Dirty) !== 0) return;
    this.#prefixes.remove(claim);
    this.#marks[claim] = 0;
    this.#placements[claim] = null;
  }

  #change(key: PrefixKey, origin: Origin | null): void {
    const known = this.#prefixes.find(key);
    if (origin === null) {
      if (known !== NO_ID && this.#learnt[known] !== null) this.#setLearnt(known, null);
      return;
    }
    const claim = known === NO_ID ? this.#add(key) : known;
    if (this.#learnt[claim]?.key === origin.key) this.#learnt[claim] = origin;
    else this.#setLearnt(claim, origin);
  }

  #claim(key: PrefixKey): number {
    const claim = this.#prefixes.find(key);
    return claim === NO_ID ? this.#add(key) : claim;
  }

  #add(key: PrefixKey): number {
    const claim = this.#prefixes.add(key);
    if (claim === this.#learnt.length) {
      this.#learnt.push(null);
      this.#placements.push(null);
    }
    if (claim === this.#marks.length) this.#marks = grown(this.#marks);
    return claim;
  }

  #setLearnt(claim: number, origin: Origin | null): void {
    this.#learntCount += Number(origin !== null) - Number(this.#learnt[claim] !== null);
    this.#learnt[claim] = origin;
    this.#markDirty(claim);
  }

  #markDirty(claim: number): void {
    const marks = this.#marks[claim]!;
    if ((marks & Mark.Dirty) !== 0) return;
    this.#marks[claim] = marks | Mark.Dirty;
    this.#dirty.push(claim);
  }

  #origin(nextHops: readonly string[]): Origin {
    const key = wayKey(nextHops);
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = { nextHops, key, stream: this.#stream };
      this.#origins.set(key, origin);
    }
    return origin;
  }
}
