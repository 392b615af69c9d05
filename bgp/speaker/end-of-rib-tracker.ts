/**
 * When the initial routes of a family are complete: every session that was configured at the start, or came up
 * in the meantime, has sent End-of-RIB (RFC 4724 §2), or its time is over. Then, and not before, may a forwarding
 * table be swept of what nobody announced.
 */
import { FAMILIES, type Family } from '../net/index.ts';
import type { Clock, Timer } from './clock.ts';

/** Graceful restart's customary time: after it nobody is waited for. */
const DEADLINE_MS = 120_000;
/** Without configured peers, clients get this long to come. */
export const SETTLE_MS = 2_000;

/** A session that should come up. */
export interface ExpectedSession {
  readonly key: object;
  readonly families: readonly Family[];
}

export interface EndOfRibTrackerOptions {
  readonly clock: Clock;
  /** The condition of the family is met; called once for each family. */
  readonly onComplete: (family: Family) => void;
}

export class EndOfRibTracker {
  readonly #options: EndOfRibTrackerOptions;
  /** For each family, the sessions that are waited for. */
  readonly #awaited: Readonly<Record<Family, Set<object>>> = { ipv4: new Set(), ipv6: new Set() };
  readonly #complete = new Set<Family>();
  #timers: Timer[] = [];
  #isSettled = false;

  constructor(options: EndOfRibTrackerOptions) {
    this.#options = options;
  }

  isComplete(family: Family): boolean {
    return this.#complete.has(family);
  }

  /** The first configuration is in force. `settleMs`: how long at least others have to come. */
  start(peers: readonly ExpectedSession[], settleMs = peers.length === 0 ? SETTLE_MS : 0): void {
    for (const { key, families } of peers) {
      for (const family of families) this.#awaited[family].add(key);
    }
    const { clock } = this.#options;
    this.#timers = [
      clock.startTimer(settleMs, () => this.#settle()),
      clock.startTimer(DEADLINE_MS, () => this.#expire()),
    ];
  }

  /** A session is Established: only its negotiated families are waited for. */
  sessionUp(key: object, families: readonly Family[]): void {
    for (const family of FAMILIES) {
      if (families.includes(family)) {
        if (!this.#complete.has(family)) this.#awaited[family].add(key);
      } else {
        this.#done(key, family);
      }
    }
  }

  endOfRib(key: object, family: Family): void {
    this.#done(key, family);
  }

  /** The peer is configured no more, or is a client that went. */
  forget(key: object): void {
    for (const family of FAMILIES) this.#done(key, family);
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  #done(key: object, family: Family): void {
    this.#awaited[family].delete(key);
    this.#check(family);
  }

  #settle(): void {
    this.#isSettled = true;
    for (const family of FAMILIES) this.#check(family);
  }

  #expire(): void {
    for (const family of FAMILIES) {
      this.#awaited[family].clear();
      this.#check(family);
    }
  }

  #check(family: Family): void {
    if (!this.#isSettled || this.#complete.has(family) || this.#awaited[family].size > 0) return;
    this.#complete.add(family);
    this.#options.onComplete(family);
  }
}
