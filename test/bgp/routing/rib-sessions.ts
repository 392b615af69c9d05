/** Sessions for RIB tests. */
import { ACCEPT_ALL } from '../../../bgp/policy/policy-config.ts';
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import type { Rib } from '../../../bgp/rib/rib-view.ts';

export const OWN_AS = 64512;
export const OWN_ID = '10.0.0.100';
export const CLUSTER_ID = '1.1.1.1';

/** An iBGP client `10.0.0.<number>` that offers IPv4. */
export function ribSession(number: number, overrides: Partial<RibSession> = {}): RibSession {
  return {
    name: `peer-${number}`,
    peerAddress: `10.0.0.${number}`,
    localAddress: OWN_ID,
    link: null,
    localAddressOtherFamily: 'fd00::100',
    peerAsn: OWN_AS,
    localAsn: OWN_AS,
    peerRouterId: `10.0.0.${number}`,
    routeReflectorClient: true,
    families: ['ipv4'],
    addPathReceive: [],
    addPathSend: [],
    fourOctetAs: true,
    extendedNextHop: false,
    enhancedRefresh: false,
    maxMessageBytes: 4096,
    nextHop: 'auto',
    allowOwnAs: 0,
    maxPrefixes: null,
    importPolicy: ACCEPT_ALL,
    exportPolicy: ACCEPT_ALL,
    ...overrides,
  };
}

/** Works until nothing is left to do. */
export function settle(rib: Rib): void {
  for (let i = 0; i < 10_000; i++) if (rib.work(1)) return;
  throw new Error('the RIB never came to rest');
}

/** Hands over whole messages, as `announcement` and `withdrawal` of the harness make them. */
export function receive(rib: Rib, slot: number, message: Uint8Array): ReturnType<Rib['receiveUpdate']> {
  return rib.receiveUpdate(slot, message, 19, message.length);
}
