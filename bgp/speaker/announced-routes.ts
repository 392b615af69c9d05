/**
 * What each configured session is sent of the prefixes that this speaker originates, by the RIB itself: policies, next
 * hops and attributes are those of a running speaker whose sessions are all Established and have learnt nothing.
 */
import { addressFamily, FAMILIES } from '../net/index.ts';
import type { RibSession, SessionOutput } from '../rib/rib-port.ts';
import { createRib } from '../routing/create-rib.ts';
import type { PeerConfig, SpeakerConfig } from './speaker-config.ts';
import type { RouteStatus } from './speaker-status.ts';

const NOWHERE: SessionOutput = {
  write: () => {},
  writev: () => {},
  writeRefreshMarker: () => {},
  queuedBytes: () => 0,
  onceDrained: (callback) => callback(),
};

/** Work of the RIB in one go, milliseconds: there is nothing beside it. */
const WORK_MS = 1000;

/** Routes by prefix, by name of the session. A session that is held gets none. */
export function announcedRoutes(
  config: SpeakerConfig,
): ReadonlyMap<string, ReadonlyMap<string, RouteStatus>> {
  const rib = createRib({ delay: () => {}, random: () => 0 });
  rib.configure(config);
  rib.setOriginated(config.originated);
  const peers = config.peers.filter(({ held }) => held === null);
  const slots = new Map(
    peers.map((peer) => [peer.name, rib.addSession(assumedSession(config, peer), NOWHERE)]),
  );
  while (!rib.work(WORK_MS)) {} // until nothing is left to do
  return new Map(
    config.peers.map(({ name }) => {
      const routes = new Map<string, RouteStatus>();
      if (!slots.has(name)) return [name, routes] as const;
      const batches = rib.routes({ advertised: name }, (wanted) => slots.get(wanted) ?? null);
      for (let step = batches.next(); step.done !== true; step = batches.next()) {
        for (const route of step.value) routes.set(route.prefix, route);
      }
      return [name, routes] as const;
    }),
  );
}

/** A session with a neighbor that speaks all that we offer. Addresses that only a connection tells are stand-ins. */
function assumedSession({ routerId }: SpeakerConfig, peer: PeerConfig): RibSession {
  const own = { ipv4: routerId, ipv6: '::' };
  const family = addressFamily(peer.address) ?? 'ipv4';
  return {
    name: peer.name,
    peerAddress: peer.address,
    localAddress: peer.localAddress ?? own[family],
    link: null,
    localAddressOtherFamily: own[FAMILIES.find((other) => other !== family)!],
    peerAsn: peer.asn,
    localAsn: peer.localAsn,
    peerRouterId: '0.0.0.1',
    routeReflectorClient: peer.routeReflectorClient && peer.asn === peer.localAsn,
    families: peer.families,
    addPathReceive: [],
    addPathSend: [],
    fourOctetAs: true,
    extendedNextHop: true,
    enhancedRefresh: true,
    maxMessageBytes: 65_535,
    nextHop: peer.nextHop,
    allowOwnAs: peer.allowOwnAs,
    maxPrefixes: null,
    importPolicy: peer.importPolicy,
    exportPolicy: peer.exportPolicy,
    ...(peer.role === undefined ? {} : { role: peer.role }),
  };
}
