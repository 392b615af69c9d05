/** TCP MD5 (RFC 2385) and TTL security (RFC 5082) with each daemon that has them, whichever side dials. */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon, DaemonKind, NeighborConfig } from '../harness/daemons/daemon.ts';
import { FRR } from '../harness/daemons/frr.ts';
import { GOBGP } from '../harness/daemons/gobgp.ts';
import { OPENBGPD } from '../harness/daemons/openbgpd.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { outputOf } from '../harness/process/run-command.ts';
import { describeWith } from '../support/requirements.ts';
import { BGP_PORT, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

jest.setTimeout(180_000);

const DAEMON = placeOf(2);
const DAEMON_ASN = 64601;
const SESSIONS = [
  { name: 'tor-v4', family: 'ipv4', daemon: DAEMON.address, manul: MANUL.address },
  { name: 'tor-v6', family: 'ipv6', daemon: DAEMON.ipv6Address, manul: MANUL.ipv6Address },
] as const;
const RETURN_MS = 90_000;
/** OpenBGPD 7.7 on Linux signs what it dials, but gives its listening sockets no keys: it cannot be dialed with one. */
const DIALED = ALL_DAEMONS.filter((kind) => kind !== OPENBGPD);
/** ExaBGP sets a TTL, but demands none. */
const WITH_TTL_SECURITY = [BIRD, FRR, GOBGP, OPENBGPD];

const secret = (key: string): string =>
  `apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: manul-system}
stringData: {tor: ${JSON.stringify(key)}}
`;

const peers = (spec: string): string =>
  SESSIONS.map(
    ({ name, daemon }) => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: ${name}}
spec: {peerIP: "${daemon}", asNumber: ${DAEMON_ASN}, ${spec}}
`,
  ).join('---\n');

const range = (...spec: string[]): string =>
  dynamicNeighborYaml({
    name: 'clients',
    listenRanges: ['10.66.0.0/24', 'fd66::/64'],
    routeReflectorClient: false,
    spec: [`asNumbers: ["${DAEMON_ASN}"]`, ...spec],
  });

/** A peer that nobody is: what is applied together with it is seen to be. */
const MARKER = '10.66.0.99';
const marker = (): string => bgpPeerYaml('marker', MARKER, BGP_PORT, DAEMON_ASN);

const WITH_KEY = 'password: {secretKeyRef: {name: keys, key: tor}}';

let network: NetworkNamespace | null = null;
let manul: ManulDaemon;
let daemon: Daemon | null = null;

async function start(
  kind: DaemonKind,
  sessions: Partial<NeighborConfig>,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  network = makeNetwork(2);
  const node = { node: 'm1', asn: MANUL_ASN, port: BGP_PORT, ipv4Address: MANUL.address };
  manul = await ManulDaemon.start({
    node: 'm1',
    namespace: network,
    files: { 'node.yaml': nodeYaml({ ...node, ipv6Address: MANUL.ipv6Address }), ...files },
  });
  await startDaemon(kind, sessions);
}

async function startDaemon(kind: DaemonKind, sessions: Partial<NeighborConfig>): Promise<void> {
  daemon = await kind.start({
    namespace: network,
    ...DAEMON,
    port: BGP_PORT,
    asn: DAEMON_ASN,
    routerId: DAEMON.address,
    networks: [],
    neighbors: SESSIONS.map(({ manul: address, family }) =>
      manulAsNeighbor({ address, families: [family], holdTimeSec: 9, ...sessions }),
    ),
  });
}

async function stop(): Promise<void> {
  await daemon?.stop();
  daemon = null;
  await manul?.stop();
  network?.remove();
  network = null;
}

/** Every session is up as both command lines show, since `flaps` drops. */
async function allEstablished(): Promise<void> {
  for (const session of SESSIONS) {
    await manul.untilPeer(session.daemon, ({ state }) => state === 'Established', 'Established', RETURN_MS);
    await pollUntil(
      async () => (await daemon!.isEstablished(session.manul)) || null,
      `${daemon!.name} shows ${session.manul} Established`,
      { deadlineMs: RETURN_MS },
    );
  }
}

/** A counter of the kernel, of their namespace. */
async function dropped(counter: string): Promise<number> {
  const lines = (await outputOf('cat', ['/proc/net/netstat'], { namespace: network })).split('\n');
  const [names, values] = lines.filter((line) => line.startsWith('TcpExt:')).map((line) => line.split(' '));
  return Number(values![names!.indexOf(counter)]);
}

describe.each(DIALED)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with a TCP MD5 key', () => {
    describe('Manul dials', () => {
      beforeAll(() =>
        start(
          kind,
          { passive: true, password: 'first' },
          { 'peers.yaml': peers(WITH_KEY), 'secret.yaml': secret('first') },
        ),
      );
      afterAll(stop);

      test('sessions come up over IPv4 and IPv6', allEstablished);

      test('a new key here leaves the sessions alone; once the daemon has it, they are up again', async () => {
        manul.writeFile('secret.yaml', [secret('second'), marker()].join('---\n'));
        await manul.untilPeer(MARKER, () => true, 'the marker that came with the new key');
        for (const session of SESSIONS) {
          expect(await manul.peer(session.name)).toMatchObject({ state: 'Established', flaps: 0 });
        }
        if (daemon!.setPassword === undefined) {
          await daemon!.stop();
          await startDaemon(kind, { passive: true, password: 'second' });
        } else {
          for (const session of SESSIONS) await daemon!.setPassword(session.manul, 'second');
        }
        await allEstablished();
      });

      test('with another key there is no session, and manul peers says why', async () => {
        await daemon!.stop();
        await startDaemon(kind, { passive: true, password: 'another' });
        for (const session of SESSIONS) {
          const shown = await pollUntil(
            async () => {
              const peer = await manul.peer(session.name);
              return peer.likelyCause?.includes('TCP MD5') ? peer : null;
            },
            `a likely cause for ${session.name}`,
            { deadlineMs: RETURN_MS },
          );
          expect(shown.state).not.toBe('Established');
          expect(shown.likelyCause).toMatch(/no TCP MD5 key for us, or another one|without a signature/);
        }
      });

      test('a Secret that vanishes holds the sessions', async () => {
        manul.removeFile('secret.yaml');
        for (const session of SESSIONS) {
          await pollUntil(async () => (await manul.peer(session.name)).held, 'held');
          expect(await manul.peer(session.name)).toMatchObject({
            state: 'Idle',
            held: 'Secret manul-system/keys is missing',
          });
        }
      });
    });
  });
});

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with a TCP MD5 key', () => {
    describe('the daemon dials into a range', () => {
      beforeAll(() =>
        start(
          kind,
          { password: 'range-key' },
          { 'range.yaml': range(WITH_KEY), 'secret.yaml': secret('range-key') },
        ),
      );
      afterAll(stop);

      test('sessions come up over IPv4 and IPv6', allEstablished);

      test('without the key nobody is let in', async () => {
        await daemon!.stop();
        for (const session of SESSIONS) {
          await manul.untilPeer(
            session.daemon,
            ({ state }) => state !== 'Established',
            'not Established',
            RETURN_MS,
          );
        }
        await startDaemon(kind, {});
        await pollUntil(
          async () => (await dropped('TCPMD5NotFound')) > 0 || null,
          'the kernel drops unsigned segments',
          { deadlineMs: RETURN_MS },
        );
        for (const session of SESSIONS) expect(await daemon!.isEstablished(session.manul)).toBe(false);
      });
    });
  });
});

describe.each(WITH_TTL_SECURITY)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with TTL security', () => {
    describe('Manul dials', () => {
      beforeAll(() =>
        start(kind, { passive: true, ttlSecurity: true }, { 'peers.yaml': peers('ttlSecurity: 1') }),
      );
      afterAll(stop);

      test('sessions come up over IPv4 and IPv6', allEstablished);
    });

    describe('the daemon dials into a range', () => {
      beforeAll(() => start(kind, { ttlSecurity: true }, { 'range.yaml': range('ttlSecurity: 1') }));
      afterAll(stop);

      test('sessions come up over IPv4 and IPv6', allEstablished);
    });
  });
});

describeWith({ root: true, commands: BIRD.commands }, 'bird without TTL security', () => {
  afterAll(stop);

  test('is refused by a range that has it, and the log says which TTL is missing', async () => {
    await start(BIRD, {}, { 'range.yaml': range('ttlSecurity: 1') });
    await pollUntil(
      async () =>
        /connection refused.*"reason":"ttl"|"reason":"ttl".*connection refused/.test(manul.log()) || null,
      'a refusal in the log',
      { deadlineMs: RETURN_MS },
    );
    for (const session of SESSIONS) expect(await daemon!.isEstablished(session.manul)).toBe(false);
  });
});
