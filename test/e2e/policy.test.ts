/**
 * What policy does while sessions stay: filters that change, that are missing and come, clients that become none; and
 * `manul explain`, which names the rule that decided, of a BGPPeer and of a DynamicNeighbor, on import and on export.
 */
import { TestListener } from '../harness/bgp/test-listener.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.71';
const TOR = `${NETWORK}.1.1`;
const TOR_ASN = 65001;
const CLIENT = `${NETWORK}.2.1`;
const PLAIN = [`${NETWORK}.3.1`, `${NETWORK}.3.2`] as const;

const document = (kind: string, name: string, spec: object): string =>
  `${JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })}\n`;
const reject = (cidr: string) => ({ action: 'Reject', matchOperator: 'In', cidr });
const ACCEPT = { action: 'Accept' };

const TOR_FILTER = document('BGPFilter', 'tor', {
  importV4: [reject('10.71.1.0/24'), ACCEPT],
  exportV4: [reject('10.70.2.0/24'), ACCEPT],
});
const RANGE_FILTER = document('BGPFilter', 'range', {
  importV4: [reject('10.70.9.0/24')],
  exportV4: [reject('10.71.3.0/24')],
});
const LATE_FILTER = document('BGPFilter', 'late', { importV4: [reject('10.72.9.0/24'), ACCEPT] });

const plainYaml = (routeReflectorClient: boolean): string =>
  dynamicNeighborYaml({ name: 'plain', listenRanges: [`${NETWORK}.3.0/24`], routeReflectorClient });
const lateYaml = dynamicNeighborYaml({
  name: 'late',
  listenRanges: [`${NETWORK}.4.0/24`],
  routeReflectorClient: true,
  spec: ['filters: [range, late]'],
});

interface Step {
  readonly stage: string;
  readonly outcome: string;
  readonly rule: string;
  readonly resource: string | null;
}

interface Explanation {
  readonly paths: readonly { readonly peer: string; readonly steps: readonly Step[] }[];
  readonly exports: readonly { readonly steps: readonly Step[] }[];
}

let reflector: Reflector;
let listener: TestListener;
let tor: TestPeer;
let client: TestPeer;
const peers: TestPeer[] = [];

beforeAll(async () => {
  listener = await TestListener.listen(TOR, 0, { asn: TOR_ASN, routerId: TOR });
  reflector = await startReflector({
    address: `${NETWORK}.0.1`,
    listenRanges: [`${NETWORK}.9.0/24`],
    files: {
      'tor.yaml': document('BGPPeer', 'tor', {
        peerIP: `${TOR}:${listener.port}`,
        asNumber: TOR_ASN,
        filters: ['tor'],
      }),
      'tor-filter.yaml': TOR_FILTER,
      'range.yaml': dynamicNeighborYaml({
        name: 'range',
        listenRanges: [`${NETWORK}.2.0/24`],
        routeReflectorClient: true,
        spec: ['filters: [range]'],
      }),
      'range-filter.yaml': RANGE_FILTER,
      'plain.yaml': plainYaml(false),
      'late.yaml': lateYaml,
    },
  });
  tor = await (await listener.accepted()).established();
  client = await dial(CLIENT);
  const fromTor = { nextHop: TOR, asPath: [TOR_ASN], localPref: null };
  tor.announce(['10.71.1.0/24', '10.71.2.0/24', '10.71.3.0/24'], fromTor);
  client.announce(['10.70.1.0/24', '10.70.2.0/24', '10.70.9.0/24'], { nextHop: CLIENT });
  await Promise.all([tor.route('10.70.1.0/24'), client.route('10.71.2.0/24')]);
});

afterAll(async () => {
  await Promise.all(peers.map((peer) => peer.close()));
  await reflector?.daemon.stop();
  await listener?.close();
});

async function dial(address: string): Promise<TestPeer> {
  const peer = await reflector.dial(address).established();
  peers.push(peer);
  return peer;
}

const explain = (...words: readonly string[]): Promise<Explanation> =>
  reflector.daemon.read<Explanation>('explain', ...words);

async function importRule(prefix: string): Promise<string> {
  const { paths } = await explain(prefix);
  const { outcome, rule, resource } = paths[0]!.steps.findLast(({ stage }) => stage === 'import')!;
  return `${outcome} by ${rule} of ${resource}`;
}

async function exportRule(prefix: string, to: string): Promise<string> {
  const { exports } = await explain(prefix, '--to', to);
  const { outcome, rule, resource } = exports[0]!.steps.findLast(({ stage }) => stage === 'export')!;
  return `${outcome} by ${rule} of ${resource}`;
}

/** Nobody's session was lost by any of this. */
async function expectNoFlaps(): Promise<void> {
  const shown = (await reflector.daemon.peers()).map(({ name, state, flaps }) => `${name} ${state} ${flaps}`);
  expect(shown).toEqual(shown.map((line) => line.replace(/ \S+ \d+$/, ' Established 0')));
}

test('manul explain names the rule of an import filter, of a BGPPeer and of a DynamicNeighbor', async () => {
  expect(await importRule('10.71.1.0/24')).toBe('rejected by BGPFilter/tor importV4[0] of BGPFilter/tor');
  expect(await importRule('10.71.2.0/24')).toBe('accepted by BGPFilter/tor importV4[1] of BGPFilter/tor');
  expect(await importRule('10.70.9.0/24')).toBe('rejected by BGPFilter/range importV4[0] of BGPFilter/range');
});

test('and of an export filter, of both', async () => {
  expect(await exportRule('10.70.2.0/24', 'tor')).toBe(
    'rejected by BGPFilter/tor exportV4[0] of BGPFilter/tor',
  );
  expect(await exportRule('10.70.1.0/24', 'tor')).toBe(
    'accepted by BGPFilter/tor exportV4[1] of BGPFilter/tor',
  );
  expect(await exportRule('10.71.3.0/24', `range/${CLIENT}`)).toBe(
    'rejected by BGPFilter/range exportV4[0] of BGPFilter/range',
  );
  expect([tor.routes.has('10.70.2.0/24'), client.routes.has('10.71.3.0/24')]).toEqual([false, false]);
});

test('a filter that is missing rejects at its place and is reported; it counts from the moment that it is there', async () => {
  const late = await dial(`${NETWORK}.4.1`);
  late.announce(['10.72.1.0/24', '10.72.9.0/24', '10.70.9.7/32'], { nextHop: `${NETWORK}.4.1` });
  await reflector.daemon.untilPeer(
    `${NETWORK}.4.1`,
    ({ received }) => received.ipv4 === 3,
    'with its routes',
  );
  expect(await importRule('10.72.1.0/24')).toMatch(/^rejected by BGPFilter\/late is missing/);
  expect(await importRule('10.70.9.7/32')).toBe('rejected by BGPFilter/range importV4[0] of BGPFilter/range');
  expect((await reflector.daemon.run('status')).stdout).toContain(
    'DynamicNeighbor/late: spec.filters[1]: BGPFilter late is missing: every route is rejected there',
  );
  expect(client.routes.has('10.72.1.0/24')).toBe(false);

  reflector.daemon.writeFile('late-filter.yaml', LATE_FILTER);
  await client.route('10.72.1.0/24');
  expect(await importRule('10.72.9.0/24')).toBe('rejected by BGPFilter/late importV4[0] of BGPFilter/late');
  reflector.daemon.removeFile('late-filter.yaml');
  await client.noRoute('10.72.1.0/24');
  await expectNoFlaps();
});

test('clients that become none, and clients again: routes between them go and come, sessions stay', async () => {
  const [one, other] = await Promise.all(PLAIN.map(dial));
  one!.announce(['10.73.1.0/24'], { nextHop: PLAIN[0] });
  other!.announce(['10.73.2.0/24'], { nextHop: PLAIN[1] });
  // Non-clients hear of clients and clients of them, but not of each other (RFC 4456 §6).
  await Promise.all([client.route('10.73.1.0/24'), client.route('10.73.2.0/24'), one!.route('10.70.1.0/24')]);
  expect([one!.routes.has('10.73.2.0/24'), other!.routes.has('10.73.1.0/24')]).toEqual([false, false]);
  reflector.daemon.writeFile('plain.yaml', plainYaml(true));
  await Promise.all([one!.route('10.73.2.0/24'), other!.route('10.73.1.0/24')]);
  reflector.daemon.writeFile('plain.yaml', plainYaml(false));
  await Promise.all([one!.noRoute('10.73.2.0/24'), other!.noRoute('10.73.1.0/24')]);
  await pollUntil(async () => client.routes.has('10.73.1.0/24') || null, 'clients keep the routes');
  await expectNoFlaps();
});

test('a filter that changes: routes of both directions follow, sessions stay', async () => {
  reflector.daemon.writeFile(
    'tor-filter.yaml',
    document('BGPFilter', 'tor', {
      importV4: [reject('10.71.2.0/24'), ACCEPT],
      exportV4: [reject('10.70.1.0/24'), ACCEPT],
    }),
  );
  await Promise.all([tor.route('10.70.2.0/24'), tor.noRoute('10.70.1.0/24')]);
  await Promise.all([client.route('10.71.1.0/24'), client.noRoute('10.71.2.0/24')]);
  expect(await importRule('10.71.2.0/24')).toBe('rejected by BGPFilter/tor importV4[0] of BGPFilter/tor');
  await expectNoFlaps();
});
