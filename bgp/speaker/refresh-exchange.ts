/** ROUTE-REFRESH messages of one peer (RFC 2918, RFC 7313), and what they ask of the RIB. */
import type { Family } from '../net/index.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { Notification } from '../packet/notification.ts';
import { decodeRouteRefresh, type RouteRefreshKind } from '../packet/route-refresh.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import type { Rib } from '../rib/rib-view.ts';

export class RefreshExchange {
  readonly #rib: Rib;
  /** Families whose initial routes the peer has sent. */
  readonly #endsOfRib = new Set<Family>();

  constructor(rib: Rib) {
    this.#rib = rib;
  }

  onEndOfRib(family: Family): void {
    this.#endsOfRib.add(family);
  }

  /** The session is over. */
  forget(): void {
    this.#endsOfRib.clear();
  }

  /** @returns null, the NOTIFICATION that the message calls for, or why it is ignored */
  receive(message: Uint8Array, slot: SessionSlot, session: NegotiatedSession): Notification | string | null {
    const result = decodeRouteRefresh(message, session.enhancedRefresh);
    if (result.kind === 'error') return result.notification;
    if (result.kind === 'ignored') return result.text;
    const { kind, family } = result;
    // RFC 2918 §4
    if (!session.families.includes(family)) return `ROUTE-REFRESH for ${family}, which was not negotiated`;
    return this.#apply(slot, session, kind, family);
  }

  #apply(
    slot: SessionSlot,
    session: NegotiatedSession,
    kind: RouteRefreshKind,
    family: Family,
  ): string | null {
    if (kind === 'request') this.#rib.refresh(slot, family);
    else if (session.sendsEndOfRib && !this.#endsOfRib.has(family))
      return `marker of a ${family} refresh before End-of-RIB`; // RFC 7313 §4
    else if (kind === 'begin') this.#rib.beginRefresh(slot, family);
    else this.#rib.endRefresh(slot, family);
    return null;
  }
}
