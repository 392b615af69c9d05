/**
 * Two clients of our reflector announce one prefix with communities of all kinds. A third, a daemon that takes several
 * paths of one prefix, sees both (RFC 7911), with all communities (RFC 1997, RFC 4360, RFC 8092) as they were.
 */
import { attribute, communities, Flag } from '../harness/bgp/attributes.ts';
import { TestPeer } from '../harness/bgp/test-peer.ts';
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import { freePort } from '../harness/process/free-port.ts';
import { describeWith } from '../support/requirements.ts';
import { CLUSTER_ID, MANUL_ASN } from './topology.ts';

const [OURS, DAEMON, FIRST, SECOND] = [1, 2, 3, 4].map((host) => `127.0.14.${host}`) as [
  string,
  string,
  string,
  string,
];
const PREFIX = '10.14.9.0/24';
const HOPS = ['10.14.0.3', '10.14.0.4'];
const OPTIONAL_TRANSITIVE = Flag.Optional | Flag.Transitive;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const ATTRIBUTES = [
  communities([(MANUL_ASN << 16) | 7]),
  attribute(OPTIONAL_TRANSITIVE, 16, hex('0002 fc00 00000064')), // route target 64512:100
  attribute(OPTIONAL_TRANSITIVE, 32, hex('0000fc00 00000008 00000009')),
];
/** As each command line writes them, whatever stands between the numbers. */
const SHOWN: readonly [what: string, text: RegExp][] = [
  ['communities (RFC 1997)', /\b64512[:,] ?7\b/],
  ['extended communities (RFC 4360)', /\b64512[:,] ?100\b/],
  ['large communities (RFC 8092)', /\b64512[:,] ?8[:,] ?9\b/],
];
const PATIENCE = { deadlineMs: 60_000 };

jest.setTimeout(120_000);

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: kind.needsRoot, commands: kind.commands }, 'behind our reflector', () => {
    let manul: ManulDaemon;
    let daemon: Daemon;
    const clients: TestPeer[] = [];

    beforeAll(async () => {
      const port = await freePort(OURS);
      const range = { name: 'clients', listenRanges: ['127.0.14.0/24'], routeReflectorClient: true };
      manul = await ManulDaemon.start({
        node: 'rr',
        files: {
          'node.yaml': nodeYaml({
            node: 'rr',
            asn: MANUL_ASN,
            port,
            ipv4Address: OURS,
            clusterId: CLUSTER_ID,
          }),
          'range.yaml': dynamicNeighborYaml(range),
        },
      });
      for (const [i, localAddress] of [FIRST, SECOND].entries()) {
        const client = TestPeer.dial(
          { address: OURS, port },
          { asn: MANUL_ASN, routerId: HOPS[i]!, localAddress },
        );
        clients.push(await client.established());
        client.announce([PREFIX], { nextHop: HOPS[i]!, extra: ATTRIBUTES });
      }
      daemon = await kind.start({
        namespace: null,
        address: DAEMON,
        port: await freePort(DAEMON),
        asn: MANUL_ASN,
        routerId: '10.14.0.2',
        networks: [],
        ipv6Address: 'fd14::2',
        neighbors: [
          {
            address: OURS,
            port,
            asn: MANUL_ASN,
            families: ['ipv4'],
            passive: false,
            holdTimeSec: 30,
            addPath: true,
          },
        ],
      });
    });

    afterAll(async () => {
      await daemon?.stop();
      for (const client of clients) await client.close();
      await manul?.stop();
    });

    const paths = async () => (await daemon.routes('ipv4')).filter(({ prefix }) => prefix === PREFIX);

    test('with ADD-PATH both paths arrive, and a withdrawal takes one of them', async () => {
      const hops = async (): Promise<string> =>
        (await paths())
          .map(({ nextHop }) => nextHop)
          .sort()
          .join();
      const until = (wanted: string): Promise<true> =>
        pollUntil(async () => (await hops()) === wanted || null, `${kind.name} has ${wanted}`, PATIENCE);
      await until(HOPS.join());
      clients[1]!.withdraw([PREFIX]);
      await until(HOPS[0]!);
    });

    let shown = '';

    test('the daemon shows the path that is left', async () => {
      shown = await daemon.describeRoute(PREFIX);
      expect(shown).toContain(PREFIX);
    });

    test.each(SHOWN)('%s arrive as they were', (_what, text) => {
      expect(shown).toMatch(text);
    });
  });
});
