/**
 * Clients of listen ranges: who of them there is, how many each range may have, and how long one that went is
 * still shown.
 */
import type { Clock, Timer } from './clock.ts';
import type { PeerDriver } from './peer-driver.ts';
import { type SessionSettings, scopedAddress } from './session-settings.ts';

/** A client that went is shown for at least a minute. */
const SHOWN_AFTER_END_MS = 75_000;
/** Clients without a connection that are remembered; beyond that the one that went first is forgotten. */
const MAX_ENDED = 16_384;
/** Of them those that never had a session: anybody inside a range can be one, from as many addresses as it has. */
const MAX_STRANGERS = 1_024;
/** A range that was found full is not looked through again so soon, unless a client of any range goes. */
const FULL_MS = 100;

export class DynamicPeers {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, PeerDriver>();
  /** Those without a connection, with the timer that ends their being shown, if any. */
  readonly #ended = new Map<PeerDriver, Timer | null>();
  /** Those of them that never had a session, in the order of their going. */
  readonly #strangers = new Set<PeerDriver>();
  /** Until when ranges are known to be full, by neighbor. */
  readonly #full = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(settings: SessionSettings): PeerDriver | null {
    return this.#byAddress.get(scopedAddress(settings)) ?? null;
  }

  /** O(1) for a client that is called `<neighbor>/<address>`, as all are that no configured session was. */
  find(name: string): PeerDriver | null {
    const peer = this.#byAddress.get(name.slice(name.indexOf('/') + 1));
    if (peer?.settings.name === name) return peer;
    for (const one of this.#byAddress.values()) if (one.settings.name === name) return one;
    return null;
  }

  /** Clients with a connection. */
  get liveCount(): number {
    return this.#byAddress.size - this.#ended.size;
  }

  all(): Iterable<PeerDriver> {
    return this.#byAddress.values();
  }

  /** @param settings those that the client has, or is about to get */
  add(peer: PeerDriver, settings = peer.settings): void {
    this.#byAddress.set(scopedAddress(settings), peer);
  }

  hasEnded(peer: PeerDriver): boolean {
    return this.#ended.has(peer);
  }

  /** The client has a connection (again). */
  onAccepted(peer: PeerDriver): void {
    this.#ended.get(peer)?.cancel();
    this.#ended.delete(peer);
    this.#strangers.delete(peer);
  }

  /** The client's last connection ended. @param isKept it is not forgotten until this is called without. */
  onEnded(peer: PeerDriver, isKept: boolean): void {
    if (this.get(peer.settings) !== peer) return;
    this.#full.clear();
    if (isKept) {
      this.#ended.get(peer)?.cancel();
      this.#ended.set(peer, null);
      this.#strangers.delete(peer);
    } else if ((this.#ended.get(peer) ?? null) === null) {
      this.#ended.set(
        peer,
        this.#clock.startTimer(Math.max(SHOWN_AFTER_END_MS, peer.keptMs), () => this.remove(peer)),
      );
      if (peer.record.flaps === 0) this.#strangers.add(peer);
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    if (this.#strangers.size > MAX_STRANGERS) {
      const [oldest] = this.#strangers;
      this.remove(oldest!);
    }
    if (this.#ended.size <= MAX_ENDED) return;
    for (const [peer, timer] of this.#ended) {
      if (timer === null) continue; // disabled: until somebody enables it
      this.remove(peer);
      return;
    }
  }

  /** Forgets the client, with what is kept of its routes. */
  remove(peer: PeerDriver): void {
    peer.forgetRoutes();
    this.release(peer);
  }

  /** The peer is no client any more. */
  release(peer: PeerDriver): void {
    this.onAccepted(peer);
    this.#full.clear();
    if (this.get(peer.settings) === peer) this.#byAddress.delete(scopedAddress(peer.settings));
  }

  /** True when `neighbor` has fewer than `limit` clients with a connection. O(1) until the limit is near. */
  hasRoom(neighbor: string, limit: number): boolean {
    if (this.liveCount < limit) return true;
    let count = 0;
    for (const peer of this.#byAddress.values()) {
      if (peer.settings.neighbor === neighbor && !this.#ended.has(peer)) count++;
    }
    return count < limit;
  }

  /** `neighbor` was found full, with nobody who could go. */
  noteFull(neighbor: string): void {
    this.#full.set(neighbor, this.#clock.now() + FULL_MS);
  }

  isKnownFull(neighbor: string): boolean {
    return this.#clock.now() < (this.#full.get(neighbor) ?? 0);
  }

  /** Limits may be others now. */
  onConfigured(): void {
    this.#full.clear();
  }

  /** The client of `neighbor` that has been connected since before `before` and has said nothing yet, or null. */
  silent(neighbor: string, before: Date): PeerDriver | null {
    for (const peer of this.#byAddress.values()) {
      const { settings, record } = peer;
      if (settings.neighbor !== neighbor || record.state !== 'OpenSent' || this.#ended.has(peer)) continue;
      if (record.since < before) return peer;
    }
    return null;
  }

  close(): void {
    for (const timer of this.#ended.values()) timer?.cancel();
    this.#ended.clear();
    this.#strangers.clear();
  }
}
