/** What the RIB is told of an Established session. */
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { RibSession } from '../rib/rib-port.ts';
import type { SessionSettings } from './session-settings.ts';

export interface TransportAddresses {
  readonly localAddress: string;
  /** Ours in the other family, for next hops there; null when we have none. */
  readonly otherFamily: string | null;
}

export function ribSession(
  { name, address, localAsn, config }: SessionSettings,
  session: NegotiatedSession,
  { localAddress, otherFamily }: TransportAddresses,
): RibSession {
  return {
    name,
    peerAddress: address,
    localAddress,
    localAddressOtherFamily: otherFamily,
    peerAsn: session.peerAsn,
    localAsn,
    peerRouterId: session.peerRouterId,
    routeReflectorClient: config.routeReflectorClient && session.peerAsn === localAsn,
    families: session.families,
    addPathReceive: session.addPathReceive,
    addPathSend: session.addPathSend,
    fourOctetAs: session.fourOctetAs,
    enhancedRefresh: session.enhancedRefresh,
    maxMessageBytes: session.maxMessageBytes,
    nextHop: config.nextHop,
    allowOwnAs: config.allowOwnAs,
    maxPrefixes: config.maxPrefixes,
    importPolicy: config.importPolicy,
    exportPolicy: config.exportPolicy,
    ...(config.role === undefined ? {} : { role: config.role }),
    enforceFirstAs: config.enforceFirstAs === true,
    protectOwnPrefixes: config.protectOwnPrefixes !== false,
    honourGracefulShutdown: config.honourGracefulShutdown !== false,
  };
}
