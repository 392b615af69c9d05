/**
 * `npm run captures` (root): runs each daemon of the interoperation tests against a plain peer that shares no code with
 * the speaker, takes it through what sessions go through, and writes every different message that it sent to
 * `captures/NAME.json`. The golden files are committed; a new version of a daemon is a new capture.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { frame, MessageType, routeRefresh } from '../harness/bgp/encode.ts';
import { TestListener } from '../harness/bgp/test-listener.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon, DaemonKind } from '../harness/daemons/daemon.ts';
import { Exabgp } from '../harness/daemons/exabgp.ts';
import { Gobgp } from '../harness/daemons/gobgp.ts';
import { freePort } from '../harness/process/free-port.ts';
import type { Capture, CapturedMessage } from './captures/capture.ts';

const ASN = 64512;
const EXTERNAL_ASN = 64999;
const ADDRESS = '127.0.18.1';
const NETWORKS = ['10.18.1.0/24', 'fd18:1::/64'];
/** RFC 9234 §4.1: what the peer says it is to the daemon. */
const ROLE_PEER = Buffer.from([9, 1, 4]);
const ENHANCED_REFRESH = Buffer.from([70, 0]);
const PATIENCE_MS = 60_000;

const NAMES = Object.fromEntries(Object.entries(MessageType).map(([name, type]) => [type, name]));

/** One session of a daemon, from OPEN to NOTIFICATION. */
async function record(kind: DaemonKind, isInternal: boolean): Promise<CapturedMessage[]> {
  const asn = isInternal ? ASN : EXTERNAL_ASN;
  const listener = await TestListener.listen('127.0.18.2', 0, {
    asn,
    routerId: '192.0.2.18',
    holdTimeSec: 9,
    capabilities: [ENHANCED_REFRESH, ...(isInternal ? [] : [ROLE_PEER])],
  });
  const neighbor = { address: '127.0.18.2', port: listener.port, asn, passive: false, holdTimeSec: 9 };
  const daemon = await kind.start({
    namespace: null,
    address: ADDRESS,
    port: await freePort(ADDRESS),
    asn: ASN,
    routerId: '192.0.2.1',
    networks: NETWORKS,
    ipv6Address: 'fd18::1',
    neighbors: [
      {
        ...neighbor,
        families: ['ipv4', 'ipv6'],
        multihop: !isInternal,
        ...(isInternal ? {} : { role: 'peer' as const }),
      },
    ],
  });
  try {
    const peer = await (await listener.accepted()).established(PATIENCE_MS);
    for (const network of NETWORKS) await peer.route(network, PATIENCE_MS);
    await announceAigp(daemon, peer);
    // ExaBGP 4.2 fails where it is asked, and is not run with the capability.
    if (kind.name !== 'exabgp') {
      for (const family of ['ipv4', 'ipv6'] as const) peer.send(routeRefresh(family));
      await daemon.requestRefresh('127.0.18.2');
    }
    await peer.until(
      ({ messages }) => messages.filter(isKeepalive).length > 1 || null,
      'a second KEEPALIVE',
      PATIENCE_MS,
    );
    await daemon.setNetworks([]);
    for (const network of NETWORKS) await peer.noRoute(network, PATIENCE_MS);
    if (kind.sendsShutdownText) await daemon.shutDown('127.0.18.2', 'rack-7-moves');
    else await daemon.resetSession('127.0.18.2');
    await peer.notified(PATIENCE_MS);
    await sleep(100);
    return peer.messages.map(({ type, body }) => ({
      type: NAMES[type]!,
      isInternal,
      hex: frame(type, body).toString('hex'),
    }));
  } finally {
    await daemon.stop();
    await listener.close();
  }
}

const isKeepalive = ({ type }: { readonly type: number }): boolean => type === MessageType.Keepalive;

/** Where the command line takes an AIGP (RFC 7311). */
async function announceAigp(daemon: Daemon, peer: TestPeer): Promise<void> {
  const [prefix, hop] = ['10.18.9.0/24', ADDRESS];
  if (daemon instanceof Gobgp) {
    await daemon.command('global', 'rib', 'add', prefix, 'nexthop', hop, 'aigp', 'metric', '4711');
  } else if (daemon instanceof Exabgp) {
    await daemon.command('announce', 'route', prefix, 'next-hop', hop, 'aigp', '4711');
  } else return;
  await peer.route(prefix, PATIENCE_MS);
}

function distinct(messages: readonly CapturedMessage[]): CapturedMessage[] {
  const seen = new Map(messages.map((message) => [`${message.isInternal} ${message.hex}`, message]));
  return [...seen.values()];
}

for (const kind of ALL_DAEMONS) {
  const messages = distinct([...(await record(kind, true)), ...(await record(kind, false))]);
  const capture: Capture = { daemon: kind.name, asn: ASN, externalAsn: EXTERNAL_ASN, messages };
  writeFileSync(
    join(import.meta.dirname, 'captures', `${kind.name}.json`),
    `${JSON.stringify(capture, null, 2)}\n`,
  );
  console.log(`${kind.name}: ${messages.length} different messages`);
}
