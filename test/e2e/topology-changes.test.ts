/**
 * From mesh to reflectors, to another reflector and back, while pods talk and nodes hear of it one after the other:
 * without encapsulation, so that each packet needs a route that BGP brought.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../harness/deadline.ts';
import { LabCluster } from '../harness/network/lab-cluster.ts';
import type { LabResources } from '../harness/network/lab-resources.ts';
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

  // In this order: each change starts from what the one before left.
  test.each<[string, LabResources, Readonly<Record<string, readonly string[]>>, boolean]>([
    [
      'mesh to a reflector',
      { mesh: false, reflectors: ['n1'] },
      { n1: ['clients'], n2: ['to-reflectors'], n3: ['to-reflectors'] },
      false,
    ],
    [
      'one reflector to another',
      { mesh: false, reflectors: ['n2'] },
      { n1: ['to-reflectors'], n2: ['clients'], n3: ['to-reflectors'] },
      true,
    ],
    ['reflector to mesh', {}, { n1: ['mesh'], n2: ['mesh'], n3: ['mesh'] }, false],
  ])('from %s no packet is lost', async (_change, resources, kinds, isBackwards) => {
    const { nodes } = cluster.lab;
    const pairs = [
      [nodes[0]!, nodes[1]!],
      [nodes[1]!, nodes[2]!],
      [nodes[2]!, nodes[0]!],
    ] as const;
    const ends = pairs.flatMap(([from, { pod }]) =>
      [pod.ipv4, pod.ipv6].map((address) => ({ from: from.pod.namespace, address })),
    );
    for (const { from, address } of ends) await answers(from, address);
    pings = await Promise.all(ends.map(({ from, address }) => PingSeries.start(from, address)));
    const order = isBackwards ? [...nodes].reverse() : nodes;
    for (const { name } of order) {
      cluster.apply(resources, nodes, [name]);
      await sleep(SKEW_MS);
    }
    const applied = performance.now();
    for (const [name, groups] of Object.entries(kinds)) await untilPeers(name, groups);
    await sleep(Math.max(0, applied + SETTLED_MS - performance.now()));
    const counts = await Promise.all(pings.map((series) => series.stop()));
    pings = [];
    expect(Math.min(...counts.map(({ sent }) => sent))).toBeGreaterThan(500);
    expect(counts.map(({ lost }) => lost)).toEqual(ends.map(() => 0));
  });

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
