/**
 * Clients of listen ranges: who of them there is, how many each range may have, and how long one that went is
 * still shown.
 */
import type { Clock, Timer } from './clock.ts';
import type { PeerDriver } from './peer-driver.ts';
import { type SessionSettings, scopedAddress } from './session-settings.ts';

/** A client that went is shown for at least a minute. */
const SHOWN_AFTER_END_MS = 75_000;

export class DynamicPeers {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, PeerDriver>();
  /** Those without a connection, with the timer that ends their being shown, if any. */
  readonly #ended = new Map<PeerDriver, Timer | null>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(settings: SessionSettings): PeerDriver | null {
    return this.#byAddress.get(scopedAddress(settings)) ?? null;
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
  }

  /** The client's last connection ended. @param isKept it is not forgotten until this is called without. */
  onEnded(peer: PeerDriver, isKept: boolean): void {
    if (this.get(peer.settings) !== peer) return;
    if (isKept) {
      this.#ended.get(peer)?.cancel();
      this.#ended.set(peer, null);
    } else if ((this.#ended.get(peer) ?? null) === null) {
      this.#ended.set(
        peer,
        this.#clock.startTimer(Math.max(SHOWN_AFTER_END_MS, peer.keptMs), () => this.remove(peer)),
      );
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
  }
}
