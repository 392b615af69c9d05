/** What the RIB is told of an Established session. */
import { isLinkLocal, splitZone } from '../net/index.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { RibSession, SessionLink } from '../rib/rib-port.ts';
import type { SessionSettings } from './session-settings.ts';
import type { SessionConfig } from './speaker-config.ts';

/** Our addresses at one end of a transport connection. */
export interface TransportAddresses {
  /** Of the connection itself, without zone. */
  readonly localAddress: string;
  /** Ours in the other family, for next hops there; null when we have none. */
  readonly otherFamily: string | null;
  /** Of a connection between link-local addresses. */
  readonly link: SessionLink | null;
}

/** Our addresses in other forms than that of the transport, as the system and the configuration have them. */
export interface OwnAddresses {
  /** On a subnet of ours; the zone of a link-local address is not looked at. */
  isConnected(address: string): boolean;
  /** In the family that `localAddress` (without zone) is not of; null when we have none. */
  otherFamily(localAddress: string): string | null;
  /** A global IPv6 address of the interface, or null. */
  globalIpv6(zone: string): string | null;
}

/** @param localAddress as the socket tells it, a link-local one with its zone */
export function transportAddresses(localAddress: string, own: OwnAddresses): TransportAddresses {
  const { address, zone } = splitZone(localAddress);
  const link = zone === null || !isLinkLocal(address) ? null : { zone, globalAddress: own.globalIpv6(zone) };
  return { localAddress: address, otherFamily: own.otherFamily(address), link };
}

const WARNING_PERCENT = 75;

/** How many prefixes of a family call for a warning. */
export function prefixWarning(
  limit: number,
  { maxPrefixesWarningPercent = WARNING_PERCENT }: Pick<SessionConfig, 'maxPrefixesWarningPercent'>,
): number {
  return Math.max(1, Math.ceil((limit * maxPrefixesWarningPercent) / 100));
}

export function ribSession(
  { name, address, localAsn, config }: SessionSettings,
  session: NegotiatedSession,
  { localAddress, otherFamily, link }: TransportAddresses,
): RibSession {
  return {
    name,
    peerAddress: address,
    localAddress,
    link,
    localAddressOtherFamily: otherFamily,
    peerAsn: session.peerAsn,
    localAsn,
    peerRouterId: session.peerRouterId,
    routeReflectorClient: config.routeReflectorClient && session.peerAsn === localAsn,
    families: session.families,
    addPathReceive: session.addPathReceive,
    addPathSend: session.addPathSend,
    fourOctetAs: session.fourOctetAs,
    extendedNextHop: session.extendedNextHop,
    enhancedRefresh: session.enhancedRefresh,
    maxMessageBytes: session.maxMessageBytes,
    nextHop: config.nextHop,
    allowOwnAs: config.allowOwnAs,
    maxPrefixes: config.maxPrefixes,
    ...(config.maxPrefixes === null ? {} : { prefixWarning: prefixWarning(config.maxPrefixes, config) }),
    importPolicy: config.importPolicy,
    exportPolicy: config.exportPolicy,
    ...(config.role === undefined ? {} : { role: config.role }),
    enforceFirstAs: config.enforceFirstAs === true,
    protectOwnPrefixes: config.protectOwnPrefixes !== false,
    honourGracefulShutdown: config.honourGracefulShutdown !== false,
  };
}
