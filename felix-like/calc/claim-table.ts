/**
 * Every prefix that somebody claims, the route that BGP learnt to it, and whether it must be settled anew.
 *
 * Learnt routes come as streams (the role link connects, tells everything, says End-of-RIB). A new stream makes
 * everything from earlier ones stale: it stays until the new one is complete, so that a restart of the speaker
 * takes no route away.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { LearntRouteChange } from '../agent-api.ts';

/** Where a learnt route comes from; shared by all routes of one stream with the same next hop. */
export interface Origin {
  readonly nextHop: string;
  readonly stream: number;
}

export interface Claim {
  readonly prefix: string;
  learnt: Origin | null;
  isDirty: boolean;
  /** Why a learnt route to this prefix is never programmed, null when it is; undefined when nobody has looked. */
  obstacle: Obstacle | null | undefined;
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

  learntNextHop(prefix: string): string | null {
    return this.#claims.get(prefix)?.learnt?.nextHop ?? null;
  }

  touch(prefix: string): void {
    this.#markDirty(this.#claim(prefix));
  }

  /** @param obstaclesChanged what was found out about the prefixes themselves holds no longer */
  touchLearnt(isTouched: (nextHop: string) => boolean, obstaclesChanged: boolean): void {
    for (const claim of this.#claims.values()) {
      if (obstaclesChanged) claim.obstacle = undefined;
      if (claim.learnt !== null && isTouched(claim.learnt.nextHop)) this.#markDirty(claim);
    }
  }

  nextHopsInUse(): ReadonlySet<string> {
    const nextHops = new Set<string>();
    for (const { learnt } of this.#claims.values()) if (learnt !== null) nextHops.add(learnt.nextHop);
    return nextHops;
  }

  startStream(): void {
    this.#stream++;
    this.#origins = new Map();
    this.#incomplete = new Set(FAMILIES);
  }

  change({ prefix, nextHop }: LearntRouteChange): void {
    if (nextHop === null) {
      const claim = this.#claims.get(prefix);
      if (claim !== undefined && claim.learnt !== null) this.#setLearnt(claim, null);
      return;
    }
    const claim = this.#claim(prefix);
    const origin = this.#origin(nextHop);
    if (claim.learnt?.nextHop === nextHop) claim.learnt = origin;
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
      claim = { prefix, learnt: null, isDirty: false, obstacle: undefined };
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

  #origin(nextHop: string): Origin {
    let origin = this.#origins.get(nextHop);
    if (origin === undefined) {
      origin = { nextHop, stream: this.#stream };
      this.#origins.set(nextHop, origin);
    }
    return origin;
  }
}
