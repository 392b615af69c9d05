/** Single changes at a steady pace, each with a number of its own as attribute set, and when each receiver saw it. */

import { encodeAnnouncements } from './encode-routes.ts';
import type { Latency } from './job.ts';
import type { Session } from './session.ts';
import { nextHopOf } from './session-address.ts';

const FIRST_STAMP = 0x4000_0000;

export interface Pace {
  /** Changes hit prefixes 0 to `prefixes` - 1. */
  readonly prefixes: number;
  readonly perSecond: number;
  readonly seconds: number;
}

export class StampedChanges {
  readonly #sender: Session;
  readonly #receivers: readonly Session[];
  readonly #messages: readonly Buffer[];
  readonly #sentAt: Float64Array;
  readonly #samplesMs: Float64Array;
  readonly #pace: Pace;
  #samples = 0;
  #resolve: (() => void) | null = null;

  constructor(sender: Session, receivers: readonly Session[], pace: Pace) {
    const changes = pace.perSecond * pace.seconds;
    this.#sender = sender;
    this.#receivers = receivers;
    this.#pace = pace;
    this.#sentAt = new Float64Array(changes);
    this.#samplesMs = new Float64Array(changes * receivers.length);
    const attributes = { family: 'ipv4', nextHop: nextHopOf(sender.options.number, 'ipv4') } as const;
    this.#messages = Array.from({ length: changes }, (_, i) => {
      // A stride without common divisor spreads the changes over the table; no prefix changes twice.
      const first = (i * 7919) % pace.prefixes;
      return encodeAnnouncements(attributes, [{ set: FIRST_STAMP + i, localPref: 100, first, count: 1 }])[0]!;
    });
  }

  /** Sends all and waits for every arrival. @returns null when some are missing after the time and `cutMs` */
  async run(cutMs: number): Promise<Latency | null> {
    for (const receiver of this.#receivers) {
      receiver.reader.stampsFrom = FIRST_STAMP;
      const seen = new Uint8Array(this.#messages.length);
      receiver.reader.onStamp = (stamp) => {
        const change = stamp - FIRST_STAMP;
        if (seen[change] === 0) this.#arrived(change, receiver.lastReadAt);
        seen[change] = 1;
      };
    }
    const complete = new Promise<true>((resolve) => {
      this.#resolve = () => resolve(true);
    });
    let cut: NodeJS.Timeout | null = null;
    const late = new Promise<false>((resolve) => {
      cut = setTimeout(() => resolve(false), this.#pace.seconds * 1000 + cutMs);
    });
    globalThis.gc?.(); // else what the preparation left behind is collected while we measure
    this.#sendPaced();
    const inTime = await Promise.race([complete, late]);
    if (cut !== null) clearTimeout(cut);
    for (const receiver of this.#receivers) receiver.reader.onStamp = null;
    return inTime ? this.#summary() : null;
  }

  #sendPaced(): void {
    const startedAt = performance.now();
    let next = 0;
    const send = (): void => {
      const due = Math.floor(((performance.now() - startedAt) * this.#pace.perSecond) / 1000) + 1;
      for (; next < Math.min(due, this.#messages.length); next++) {
        this.#sentAt[next] = performance.now();
        void this.#sender.send([this.#messages[next]!]);
      }
      if (next < this.#messages.length) setTimeout(send, 1);
    };
    send();
  }

  #arrived(change: number, at: number): void {
    this.#samplesMs[this.#samples++] = at - this.#sentAt[change]!;
    if (this.#samples === this.#samplesMs.length) this.#resolve?.();
  }

  #summary(): Latency {
    const sorted = this.#samplesMs.toSorted();
    const quantile = (q: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
    return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: sorted[sorted.length - 1]! };
  }
}
