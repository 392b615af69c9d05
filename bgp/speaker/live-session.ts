/** An Established session of a peer: its connection, and its place in the RIB. */
import { afiOf, FAMILIES, Safi } from '../net/index.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import { cease, type Notification } from '../packet/notification.ts';
import type { SessionOutput, SessionSlot } from '../rib/rib-port.ts';
import type { Rib } from '../rib/rib-view.ts';
import type { ConnectionDriver } from './connection-driver.ts';
import type { Resumed } from './kept-routes.ts';
import { type OwnAddresses, ribSession, transportAddresses } from './rib-session.ts';
import type { SessionSettings } from './session-settings.ts';
import type { PeerActionResult } from './speaker-api.ts';

export interface LiveSessionParts {
  readonly rib: Rib;
  readonly driver: ConnectionDriver;
  readonly session: NegotiatedSession;
  readonly ownAddresses: () => OwnAddresses;
  readonly resumed: Resumed | null;
}

export class LiveSession {
  readonly session: NegotiatedSession;
  readonly driver: ConnectionDriver;
  readonly slot: SessionSlot;
  readonly #parts: LiveSessionParts;

  /** From here on UPDATEs of the connection go to the RIB. */
  constructor(parts: LiveSessionParts, settings: SessionSettings, output: SessionOutput) {
    this.#parts = parts;
    this.session = parts.session;
    this.driver = parts.driver;
    const { rib, resumed } = parts;
    const session = this.#ribSession(settings);
    if (resumed !== null) rib.resumeSession(resumed.slot, session, output, resumed.families);
    this.slot = resumed === null ? rib.addSession(session, output) : resumed.slot;
    this.driver.setSlot(this.slot);
  }

  /** Other policies, limits or client status; whatever they concern is evaluated again. */
  reconfigure(settings: SessionSettings): void {
    this.#parts.rib.updateSession(this.slot, this.#ribSession(settings));
  }

  /** What we owe a peer that has announced more than `settings` allow, or null (RFC 4486 §4). */
  excess({ config: { maxPrefixes } }: SessionSettings): Notification | null {
    if (maxPrefixes === null) return null;
    const { received } = this.#parts.rib.sessionCounts(this.slot);
    const family = FAMILIES.find((one) => (received[one] ?? 0) > maxPrefixes);
    return family === undefined ? null : cease.maximumPrefixes(afiOf(family), Safi.Unicast, maxPrefixes);
  }

  /** Asks the peer for its routes again. */
  refreshIn(): PeerActionResult {
    return this.driver.requestRefresh() ? 'done' : 'noRouteRefresh';
  }

  /** Sends the peer our routes again. */
  refreshOut(): PeerActionResult {
    for (const family of this.session.families) this.#parts.rib.refresh(this.slot, family);
    return 'done';
  }

  #ribSession(settings: SessionSettings): ReturnType<typeof ribSession> {
    const { driver, session, ownAddresses } = this.#parts;
    const localAddress = driver.localAddress ?? settings.localAddress ?? '0.0.0.0';
    return ribSession(settings, session, transportAddresses(localAddress, ownAddresses()));
  }
}
