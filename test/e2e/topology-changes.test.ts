/**
 * From mesh to reflectors, to another reflector and back, while pods talk and nodes hear of it one after the other:
 * without encapsulation, so that each packet needs a route that BGP brought.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../harness/deadline.ts';
import { LabCluster } from '../harness/network/lab-cluster.ts';
import type { LabResources } from '../harness/network/lab-resources.ts';
import type { LabNode } from '../harness/network/node-lab.ts';
import { answers, PingSeries } from '../harness/network/ping.ts';
import { describeWith } from '../support/requirements.ts';
import type { PeerStatus } from './support/shown.ts';

jest.setTimeout(240_000);

const NEEDS = { root: true, commands: ['ip', 'nsenter', 'ping', 'sysctl'] };
/** How much later than the one before each node hears of a change. */
const SKEW_MS = 1500;
/** By then all that is taken away late has been taken away. */
const SETTLED_MS = 14_000;

describeWith(NEEDS, 'the topology of BGP changes while pods talk', () => {
  let cluster: LabCluster;
  let pings: readonly PingSeries[] = [];

  beforeAll(async () => {
    cluster = await LabCluster.start([1, 1, 1], {});
  });

  afterEach(async () => {
    for (const series of pings) await series.stop();
    pings = [];
  });

  afterAll(() => cluster?.stop());

  type Sessions = Readonly<Record<string, readonly string[]>>;
  const REFLECTED: Sessions = { n1: ['clients'], n2: ['to-reflectors'], n3: ['to-reflectors'] };
  const MESH: Sessions = { n1: ['mesh'], n2: ['mesh'], n3: ['mesh'] };

  // In this order: each starts from what the one before left.
  test('from mesh to a reflector no packet is lost', () =>
    losesNothing(() => change({ mesh: false, reflectors: ['n1'] }, ['n1', 'n2', 'n3'], REFLECTED)));

  test('a reflector that is killed and started again loses no packet (RFC 4724)', () =>
    losesNothing(() => restart('n1', 'SIGKILL', REFLECTED)));

  test('a client that is stopped and started again loses no packet (RFC 8538)', () =>
    losesNothing(() => restart('n2', 'SIGTERM', REFLECTED)));

  test('from one reflector to another no packet is lost', () => {
    const sessions = { n1: ['to-reflectors'], n2: ['clients'], n3: ['to-reflectors'] };
    return losesNothing(() => change({ mesh: false, reflectors: ['n2'] }, ['n3', 'n2', 'n1'], sessions));
  });

  test('from reflector to mesh no packet is lost', () =>
    losesNothing(() => change({}, ['n1', 'n2', 'n3'], MESH)));

  test('a node of the mesh that is killed and started again loses no packet (RFC 4724)', () =>
    losesNothing(() => restart('n3', 'SIGKILL', MESH)));

  /** Between each pair of nodes, in both families. */
  async function losesNothing(what: () => Promise<void>): Promise<void> {
    const [n1, n2, n3] = cluster.lab.nodes as [LabNode, LabNode, LabNode];
    const ends = [[n1, n2] as const, [n2, n3] as const, [n3, n1] as const].flatMap(([from, { pod }]) =>
      [pod.ipv4, pod.ipv6].map((address) => ({ from: from.pod.namespace, address })),
    );
    for (const { from, address } of ends) await answers(from, address);
    pings = await Promise.all(ends.map(({ from, address }) => PingSeries.start(from, address)));
    await what();
    const counts = await Promise.all(pings.map((series) => series.stop()));
    pings = [];
    expect(Math.min(...counts.map(({ sent }) => sent))).toBeGreaterThan(200);
    expect(counts.map(({ lost }) => lost)).toEqual(ends.map(() => 0));
  }

  /** Nodes hear of it in this order; ends when nothing is left of what was. */
  async function change(
    resources: LabResources,
    order: readonly string[],
    sessions: Sessions,
  ): Promise<void> {
    for (const name of order) {
      cluster.apply(resources, cluster.lab.nodes, [name]);
      await sleep(SKEW_MS);
    }
    const applied = performance.now();
    for (const [name, groups] of Object.entries(sessions)) await untilPeers(name, groups);
    await sleep(Math.max(0, applied + SETTLED_MS - performance.now()));
  }

  /** Ends when the daemon has the routes of its peers again, and they have its own. */
  async function restart(name: string, signal: NodeJS.Signals, sessions: Sessions): Promise<void> {
    const daemon = cluster.daemon(name);
    daemon.signal(signal);
    await daemon.startAgain();
    for (const [each, groups] of Object.entries(sessions)) await untilPeers(each, groups);
    await pollUntil(
      async () => {
        const { kernel } = await daemon.read<{ readonly kernel: { readonly learntInSync: boolean } }>(
          'status',
        );
        return kernel.learntInSync || null;
      },
      `${name} has all routes`,
      { deadlineMs: 60_000 },
    );
    await sleep(1000);
  }

  /** Only sessions of these groups are left, all Established; clients that went are still shown. */
  async function untilPeers(name: string, groups: readonly string[]): Promise<void> {
    await pollUntil(
      async () => {
        const peers = await cluster.daemon(name).read<readonly PeerStatus[]>('peers');
        const isFinal = ({ name: peer, kind, state }: PeerStatus): boolean =>
          groups.includes(peer.split('/')[0]!)
            ? state === 'Established'
            : kind === 'dynamic' && state === 'Idle';
        return (peers.length > 0 && peers.every(isFinal)) || null;
      },
      `${name} has only sessions of ${groups}`,
      { deadlineMs: 120_000 },
    );
  }
});
