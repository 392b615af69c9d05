/**
 * Every prefix that somebody claims, the route that BGP learnt to it, and whether it must be settled anew.
 *
 * Learnt routes come as streams (the role link connects, tells everything, says End-of-RIB). A new stream makes
 * everything from earlier ones stale: it stays until the new one is complete, so that a restart of the speaker
 * takes no route away.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { LearntRouteChange } from '../agent-api.ts';
import { type Encapsulation, type Way, wayKey } from './way.ts';

/** Where a learnt route goes; shared by all routes of one stream with the same next hops. */
export interface Origin extends Way {
  readonly stream: number;
}

export interface Claim {
  readonly prefix: string;
  learnt: Origin | null;
  isDirty: boolean;
  /** What holds for every route to this prefix, whatever its next hops; undefined when nobody has looked. */
  placement: Placement | undefined;
}

/** Many claims share one. */
export interface Placement {
  readonly encapsulation: Encapsulation;
  /** Why a route that leads to others is never programmed; null: it is. */
  readonly obstacle: Obstacle | null;
}

export interface Obstacle {
  /** What to tell about it; null: it is as it should be. */
  readonly text: string | null;
}

export class ClaimTable {
  readonly #claims = new Map<string, Claim>();
  #dirty: Claim[] = [];
  /** Dirty claims before this one are settled. */
  #firstDirty = 0;
  #origins = new Map<string, Origin>();
  #stream = 0;
  #incomplete = new Set<Family>(FAMILIES);
  #learntCount = 0;

  get learntCount(): number {
    return this.#learntCount;
  }

  get hasDirty(): boolean {
    return this.#firstDirty < this.#dirty.length;
  }

  learntWay(prefix: string): Way | null {
    return this.#claims.get(prefix)?.learnt ?? null;
  }

  touch(prefix: string): void {
    this.#markDirty(this.#claim(prefix));
  }

  touchLearnt(isTouched: (claim: Claim, way: Way) => boolean): void {
    for (const claim of this.#claims.values()) {
      if (claim.learnt !== null && isTouched(claim, claim.learnt)) this.#markDirty(claim);
    }
  }

  /** What was found out about the prefixes themselves holds no longer. */
  forgetPlacements(): void {
    for (const claim of this.#claims.values()) claim.placement = undefined;
  }

  waysInUse(): Iterable<Way> {
    const ways = new Set<Way>();
    for (const { learnt } of this.#claims.values()) if (learnt !== null) ways.add(learnt);
    return ways;
  }

  startStream(): void {
    this.#stream++;
    this.#origins = new Map();
    this.#incomplete = new Set(FAMILIES);
  }

  change({ prefix, nextHop, nextHops }: LearntRouteChange): void {
    if (nextHop === null) {
      const claim = this.#claims.get(prefix);
      if (claim !== undefined && claim.learnt !== null) this.#setLearnt(claim, null);
      return;
    }
    const claim = this.#claim(prefix);
    const origin = this.#origin(nextHop, nextHops);
    if (claim.learnt?.key === origin.key) claim.learnt = origin;
    else this.#setLearnt(claim, origin);
  }

  /** The stream is complete for `family`: what it did not repeat goes. */
  completeStream(family: Family): void {
    this.#incomplete.delete(family);
    for (const claim of this.#claims.values()) {
      if (claim.learnt === null || claim.learnt.stream === this.#stream) continue;
      if (claim.prefix.includes(':') === (family === 'ipv6')) this.#setLearnt(claim, null);
    }
  }

  isComplete(family: Family): boolean {
    return !this.#incomplete.has(family);
  }

  /** The next claim to be settled, or null. */
  takeDirty(): Claim | null {
    const claim = this.#dirty[this.#firstDirty];
    if (claim === undefined) return null;
    this.#firstDirty++;
    if (this.#firstDirty === this.#dirty.length) {
      this.#dirty = [];
      this.#firstDirty = 0;
    }
    claim.isDirty = false;
    return claim;
  }

  /** A settled claim that nobody makes any more is forgotten. */
  releaseUnclaimed(claim: Claim): void {
    if (claim.learnt === null && !claim.isDirty) this.#claims.delete(claim.prefix);
  }

  #claim(prefix: string): Claim {
    let claim = this.#claims.get(prefix);
    if (claim === undefined) {
      claim = { prefix, learnt: null, isDirty: false, placement: undefined };
      this.#claims.set(prefix, claim);
    }
    return claim;
  }

  #setLearnt(claim: Claim, origin: Origin | null): void {
    this.#learntCount += Number(origin !== null) - Number(claim.learnt !== null);
    claim.learnt = origin;
    this.#markDirty(claim);
  }

  #markDirty(claim: Claim): void {
    if (claim.isDirty) return;
    claim.isDirty = true;
    this.#dirty.push(claim);
  }

  #origin(nextHop: string, nextHops: readonly string[] | undefined): Origin {
    const key = nextHops === undefined ? nextHop : wayKey(nextHops);
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = { nextHops: nextHops ?? [nextHop], key, stream: this.#stream };
      this.#origins.set(key, origin);
    }
    return origin;
  }
}
