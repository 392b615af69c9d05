/** Values as a speaker would tell them. */
import type { PeerDetail, RouteStatus } from '@manul/bgp';

const NO_MESSAGES = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 };

export function peer(overrides: Partial<PeerDetail> = {}): PeerDetail {
  return {
    name: 'tor',
    kind: 'configured',
    address: '192.0.2.9',
    port: 179,
    localAddress: '192.0.2.1',
    asn: 65001,
    localAsn: 64512,
    routerId: '192.0.2.9',
    state: 'Established',
    since: '2026-01-01T00:00:00.000Z',
    uptimeSeconds: 3700,
    routeReflectorClient: false,
    families: ['ipv4'],
    received: { ipv4: 5 },
    accepted: { ipv4: 4 },
    advertised: { ipv4: 2 },
    flaps: 1,
    lastError: null,
    neighbor: null,
    passive: false,
    held: null,
    lastAttempt: null,
    likelyCause: null,
    connectionFailures: { refused: 0, timeout: 0, unreachable: 0, closed: 0, other: 0 },
    nextHop: 'auto',
    holdTimeSeconds: 90,
    keepaliveSeconds: 30,
    capabilities: {
      sent: [{ code: 1, name: 'multiprotocol', value: 'ipv4' }],
      received: [{ code: 2, name: 'route refresh', value: '' }],
    },
    messages: { sent: { ...NO_MESSAGES, update: 3 }, received: { ...NO_MESSAGES, keepalive: 8 } },
    bytes: { sent: 100, received: 200 },
    hostName: null,
    softwareVersion: null,
    maxPrefixes: null,
    maxPrefixesWarning: null,
    nearLimit: [],
    lastSent: null,
    lastReceived: null,
    treatedAsWithdraw: 0,
    attributesDiscarded: 0,
    outputQueueBytes: 0,
    ...overrides,
  };
}

export function route(overrides: Partial<RouteStatus> = {}): RouteStatus {
  return {
    prefix: '10.244.0.0/26',
    family: 'ipv4',
    nextHop: '192.0.2.9',
    best: true,
    peer: 'tor',
    origin: 'igp',
    asPath: [65001, [65002, 65003]],
    localPref: 100,
    med: null,
    communities: ['65001:1'],
    largeCommunities: [],
    originatorId: null,
    clusterList: [],
    age: 12,
    pathId: null,
    ...overrides,
  };
}
