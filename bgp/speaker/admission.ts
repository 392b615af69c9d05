/**
 * How many connections, and how fast: what a host that connects without end, or too many hosts at once, cannot take
 * away from the sessions that are there.
 */
import type { Clock } from './clock.ts';
import type { RefusedReason } from './speaker-status.ts';

export interface SpeakerLimits {
  /** Clients of listen ranges and configured peers together; configured ones are never refused. */
  readonly maxSessions: number;
  /** Descriptors that the process may have (RLIMIT_NOFILE), or null where that is not known. */
  readonly maxFileDescriptors: number | null;
}

export const NO_LIMITS: SpeakerLimits = { maxSessions: Number.POSITIVE_INFINITY, maxFileDescriptors: null };

/** One source: more than a client needs that is started again and again. */
const SOURCE: Rate = { perSecond: 16, burst: 256 };
/** All sources that are no configured peers: a burst of clients of a whole cluster, then what can be served. */
const TOTAL: Rate = { perSecond: 2_000, burst: 16_384 };
/** Sources that are remembered; one that was quiet is forgotten. */
const MAX_SOURCES = 65_536;
/** Descriptors that are left for dialing, HTTP, the control socket and files. */
const RESERVED_DESCRIPTORS = 64;

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export class Admission {
  readonly #clock: Clock;
  readonly #limits: SpeakerLimits;
  /** When the budget of each source will be whole again (generic cell rate algorithm). */
  readonly #sources = new Map<string, number>();
  #total = 0;
  #sweptAt = 0;

  constructor(clock: Clock, limits: SpeakerLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @param fd of the new connection: the kernel gives the lowest that is free, so it tells how many are in use */
  refusal(address: string, isConfigured: boolean, fd: number | null): RefusedReason | null {
    const { maxFileDescriptors } = this.#limits;
    if (maxFileDescriptors !== null && (fd ?? 0) >= maxFileDescriptors - reserved(maxFileDescriptors)) {
      return 'no-descriptors';
    }
    const now = this.#clock.now();
    if (!this.#admitsSource(address, now)) return 'rate';
    if (isConfigured) return null;
    const total = spend(this.#total, now, TOTAL);
    if (total === null) return 'rate';
    this.#total = total;
    return null;
  }

  hasRoom(sessions: number): boolean {
    return sessions < this.#limits.maxSessions;
  }

  #admitsSource(address: string, now: number): boolean {
    if (this.#sources.size >= MAX_SOURCES) this.#forgetQuiet(now);
    const spent = spend(this.#sources.get(address) ?? 0, now, SOURCE);
    if (spent === null) return false;
    if (this.#sources.size < MAX_SOURCES || this.#sources.has(address)) this.#sources.set(address, spent);
    return true;
  }

  /** Once a second: it looks at all of them. */
  #forgetQuiet(now: number): void {
    if (now - this.#sweptAt < 1_000) return;
    this.#sweptAt = now;
    for (const [address, whole] of this.#sources) if (whole <= now) this.#sources.delete(address);
  }
}

/** At most an eighth of a small limit. */
function reserved(maxFileDescriptors: number): number {
  return Math.min(RESERVED_DESCRIPTORS, maxFileDescriptors >> 3);
}

/** @returns when the budget will be whole again after one more, or null when there is none left */
function spend(whole: number, now: number, { perSecond, burst }: Rate): number | null {
  const intervalMs = 1_000 / perSecond;
  const next = Math.max(whole, now) + intervalMs;
  return next - now > burst * intervalMs ? null : next;
}
