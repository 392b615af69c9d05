/**
 * The whole of it: `helm install` of our image on real nodes without a network, and what platform teams then do, on
 * one cluster, in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { Fabric } from '../../harness/cluster/fabric.ts';
import { machineTraces } from '../../harness/cluster/machine-traces.ts';
import { FRR_ROUTER_COMMANDS } from '../../harness/daemons/frr-router.ts';
import { PROMETHEUS_COMMANDS, Prometheus } from '../../harness/daemons/prometheus.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { insideLater, ip, routes } from '../../harness/network/node-lab.ts';
import { answers, isSilent, PingSeries } from '../../harness/network/ping.ts';
import type { NamespaceReference } from '../../harness/process/network-namespace.ts';
import { readmeBlock } from '../../support/readme.ts';
import { describeWith } from '../../support/requirements.ts';
import { rightsOf } from './container-rights.ts';
import {
  ASN,
  HOST_PORT,
  InstalledCluster,
  POOL_V6,
  type ProbePod,
  SERVICE_ADDRESS,
} from './installed-cluster.ts';
import { TopOfRack } from './top-of-rack.ts';

jest.setTimeout(900_000);

const OUTAGE_MS = 15_000;
const REFLECTOR_LABEL = 'manul.dev/route-reflector';
const REFLECTORS = {
  bgp: { topology: 'reflectors' },
  reflectors: { listenRanges: [Fabric.SUBNET, 'fd00::/64'] },
};
/** For a router at `TopOfRack.ADDRESS`, of AS `TopOfRack.ASN`. */
const README_VALUES = parse(readmeBlock('# values.yaml')) as { readonly pools: readonly object[] };
const TOR_VALUES = { ...README_VALUES, pools: [...README_VALUES.pools, POOL_V6] };

describeWith(
  {
    root: true,
    cgroups: true,
    commands: [
      'go',
      'nft',
      'ping',
      'nsenter',
      'unshare',
      'openssl',
      'apt-get',
      'strip',
      'curl',
      ...FRR_ROUTER_COMMANDS,
      ...PROMETHEUS_COMMANDS,
    ],
    kubernetesTools: ['api', 'helm', 'node'],
  },
  'Manul on real nodes',
  () => {
    let installed: InstalledCluster;
    let pods: readonly [ProbePod, ProbePod, ProbePod];
    let tor: TopOfRack | null = null;
    /** What this machine had before, and what the nodes added. */
    let traces: readonly string[];
    let nodeNamespaces: ReadonlySet<string>;
    let running: readonly PingSeries[] = [];

    beforeAll(async () => {
      traces = await machineTraces();
      installed = await InstalledCluster.start();
      nodeNamespaces = new Set(installed.cluster.nodes.flatMap((node) => node.namespaceIds()));
    });

    afterAll(stop);

    afterEach(async () => {
      for (const series of running) await series.stop();
      running = [];
    });

    test('nodes without a network turn Ready by one `helm install --wait`', async () => {
      for (const { name } of installed.cluster.nodes)
        expect(await installed.cluster.isReady(name)).toBe(false);
      await installed.helm('install');
      await installed.cluster.allReady();
      for (const node of installed.cluster.nodes) await installed.hasSessions(node, meshOf(node.name));
    });

    test('a first look, as the README says: sessions and status by `kubectl exec`', async () => {
      const exec = ['--namespace', 'manul-system', 'exec', 'ds/manul'];
      const table = await installed.cluster.kubectl([...exec, '-c', 'speaker', '--', 'manul', 'peers']);
      expect(table.match(/^mesh\/.* Established .*$/gm)).toHaveLength(4);
      const json = await installed.cluster.kubectl([
        ...exec,
        '-c',
        'agent',
        '--',
        'manul',
        'status',
        '-o',
        'json',
      ]);
      expect(JSON.parse(json)).toMatchObject({ ready: true, roles: ['speaker', 'agent'] });
    });

    test('each container has the rights of the chart, and no others', async () => {
      const common = {
        noNewPrivileges: true,
        seccomp: 'filter',
        writingToRoot: expect.stringContaining('Read-only'),
      };
      const speaker = ['NET_BIND_SERVICE'];
      const agent = ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'];
      const speakers = { userId: 65532, effective: [], permitted: speaker, bounding: speaker };
      const agents = { userId: 0, effective: agent, permitted: agent, bounding: agent };
      expect(await rightsOf(installed.cluster, 'speaker')).toEqual({ ...speakers, ...common });
      expect(await rightsOf(installed.cluster, 'agent')).toEqual({ ...agents, ...common });
    });

    test('Prometheus scrapes both containers of each node, and finds nothing wrong with their metrics', async () => {
      const { fabric, nodes } = installed.cluster;
      const targets = nodes.flatMap(({ addresses: [ipv4] }) => [`${ipv4}:9179`, `${ipv4}:9180`]);
      const prometheus = await Prometheus.start(fabric.namespace, targets);
      try {
        const up = await pollUntil(async () => {
          const values = await prometheus.query('sum by (instance) (up)');
          return [...values.values()].every((value) => value === 1) && values.size === 6 ? values : null;
        }, 'all six are up');
        expect([...up.keys()]).toEqual(targets.map((target) => `{instance="${target}"}`));
        const sessions = 'sum by (instance) (manul_bgp_peers{state="Established"})';
        expect([...(await prometheus.query(sessions)).values()]).toEqual([4, 4, 4]);
      } finally {
        await prometheus.stop();
      }
      for (const target of targets.slice(0, 2)) {
        // the looking glass and the API are on loopback alone
        for (const path of ['', 'api/v1/peers']) {
          const words = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', `http://${target}/${path}`];
          expect((await insideLater(fabric.namespace, ...words)).stdout).toBe('404');
        }
        const script = 'curl -s "$0" | promtool check metrics';
        const { stdout, stderr } = await insideLater(
          fabric.namespace,
          'sh',
          '-c',
          script,
          `http://${target}/metrics`,
        );
        // prom-client's own gauges, whose names are known everywhere
        const faults = `${stdout}${stderr}`
          .split('\n')
          .filter((line) => !/^(nodejs_active_\w+_total .*)?$/.test(line));
        expect(faults).toEqual([]);
      }
    });

    test('pods on different nodes reach each other over IPv4 and IPv6, with their own addresses', async () => {
      pods = (await installed.startProbes()) as [ProbePod, ProbePod, ProbePod];
      for (const from of pods) {
        for (const to of pods) {
          await answers(from.namespace, to.ipv4);
          expect(await installed.ask(from.namespace, 'tcp', to.ipv4)).toBe(`${to.name} ${from.ipv4}`);
          expect(await installed.ask(from.namespace, 'udp', to.ipv6)).toBe(`${to.name} ${from.ipv6}`);
        }
      }
    });

    test('services and host ports lead to pods', async () => {
      const names = pods.map(({ name }) => name);
      for (const { name, namespace, ipv4 } of pods) {
        const sources = await askUntilAllAnswered(namespace, names);
        for (const other of names.filter((each) => each !== name)) expect(sources.get(other)).toBe(ipv4);
      }
      for (const { name, node } of pods) {
        const [address = ''] = node.addresses;
        const answer = await installed.ask(installed.cluster.fabric.namespace, 'tcp', address, HOST_PORT);
        expect(answer).toBe(`${name} ${Fabric.ADDRESS}`);
      }
    });

    test('with the values of the README a top-of-rack router has sessions with all nodes, and what is behind it reaches their pods', async () => {
      tor = await TopOfRack.start(installed.cluster.fabric, ASN);
      const { host, router } = tor;
      await installed.helm('upgrade', TOR_VALUES);
      const addresses = installed.cluster.nodes.map(({ addresses: [ipv4 = ''] }) => ipv4);
      await pollUntil(
        async () => (await router.clients()).join() === addresses.join() || null,
        'the router has a session with each node',
        { deadlineMs: 120_000 },
      );
      for (const { name, ipv4 } of pods) {
        await answers(host, ipv4);
        expect(await installed.ask(host, 'tcp', ipv4)).toBe(`${name} ${TopOfRack.HOST_ADDRESS}`);
      }
    });

    test('no packet is lost and no session ends while the API server is away', async () => {
      const before = await sessionsByNode();
      const series = await startSeries();
      await installed.cluster.plane.apiServer.stop();
      await sleep(OUTAGE_MS);
      const meanwhile = await sessionsByNode();
      await installed.cluster.plane.apiServer.start();
      expect(meanwhile).toEqual(before);
      await installed.cluster.allReady();
      expect(await lostOf(series)).toBe(0);
      expect(await sessionsByNode()).toEqual(before);
    });

    test('reflectors take the place of the mesh, and no packet is lost', async () => {
      const series = await startSeries();
      for (const name of ['node-1', 'node-2']) {
        const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
        await installed.cluster.plane.admin.patch(node, { metadata: { labels: { [REFLECTOR_LABEL]: '' } } });
      }
      await installed.helm('upgrade', { ...TOR_VALUES, ...withMesh(REFLECTORS) });
      await installed.helm('upgrade', { ...TOR_VALUES, ...REFLECTORS });
      await pollUntil(
        async () => {
          const peers = await installed.peers(installed.node('node-3'));
          return peers.every(({ name }) => !name.startsWith('mesh/')) || null;
        },
        'node-3 has no session of the mesh',
        { deadlineMs: 120_000 },
      );
      for (const from of pods) for (const to of pods) await answers(from.namespace, to.ipv4);
      expect(await lostOf(series)).toBe(0);
    });

    test('a pod that is deleted leaves no route and no interface', async () => {
      const { node } = pods[0];
      const pod = await installed.startPod('short-lived', node);
      await answers(pods[2].namespace, pod.ipv4);
      expect(routes(node.namespace, 4, pod.ipv4)).toHaveLength(1);
      const before = ip(node.namespace, '-br link').match(/^cali/gm)?.length ?? 0;
      await installed.cluster.kubectl(['delete', 'pod', pod.name, '--wait']);
      await pollUntil(
        async () => routes(node.namespace, 4, pod.ipv4).length === 0 || null,
        'its route is gone',
      );
      expect(ip(node.namespace, '-br link').match(/^cali/gm)).toHaveLength(before - 1);
      expect(await isSilent(pods[2].namespace, pod.ipv4)).toBe(true);
    });

    test('`helm upgrade` of the DaemonSet: how many packets it costs', async () => {
      const series = await startSeries();
      await installed.helm('upgrade', { ...TOR_VALUES, ...REFLECTORS, podAnnotations: { rolled: 'once' } });
      for (const from of pods) for (const to of pods) await answers(from.namespace, to.ipv4);
      report('while the DaemonSet was rolled out', await lostOf(series));
    });

    test('a node that is deleted vanishes from all nodes and the router', async () => {
      const gone = installed.node('node-3');
      const rest = installed.cluster.nodes.filter((node) => node !== gone);
      const [block = ''] = routes(rest[0]!.namespace, 4).filter((line) =>
        line.includes(`via ${gone.addresses[0]} `),
      );
      const prefix = block.split(' ')[0]!;
      expect(pods[2].ipv4.startsWith(prefix.split('.').slice(0, 3).join('.'))).toBe(true);
      await gone.stop();
      await installed.cluster.kubectl(['delete', 'node', gone.name]);
      for (const { namespace } of [...rest, tor!]) {
        await pollUntil(
          async () => routes(namespace, 4, prefix).length === 0 || null,
          `${namespace.name} forgets ${prefix}`,
          {
            deadlineMs: 180_000,
          },
        );
      }
      for (const node of rest) {
        const peers = await installed.peers(node);
        expect(peers.filter(({ name }) => name.includes(gone.name))).toEqual([]);
      }
    });

    test('afterwards nothing of it is left on this machine', async () => {
      expect((await machineTraces(nodeNamespaces)).length).toBeGreaterThan(traces.length);
      await stop();
      expect(await machineTraces(nodeNamespaces)).toEqual(traces);
    });

    async function stop(): Promise<void> {
      await tor?.stop();
      tor = null;
      await installed?.stop();
    }

    /** @returns the source address that each of the service's pods saw */
    function askUntilAllAnswered(
      from: NamespaceReference,
      names: readonly string[],
    ): Promise<ReadonlyMap<string, string>> {
      const sources = new Map<string, string>();
      return pollUntil(
        async () => {
          const [name = '', source = ''] = (await installed.ask(from, 'tcp', SERVICE_ADDRESS)).split(' ');
          sources.set(name, source);
          return names.every((each) => sources.has(each)) ? sources : null;
        },
        'every pod of the service has answered',
        { intervalMs: 0, deadlineMs: 60_000 },
      );
    }

    async function sessionsByNode(): Promise<Readonly<Record<string, readonly string[]>>> {
      const shown = installed.cluster.nodes.map(async (node) => {
        const peers = await installed.peers(node);
        return [
          node.name,
          peers.map((peer) => `${peer.name} ${peer.state} ${peer.since} ${peer.flaps}`),
        ] as const;
      });
      return Object.fromEntries(await Promise.all(shown));
    }

    /** Pings in both families, between nodes in both directions. */
    async function startSeries(): Promise<readonly PingSeries[]> {
      running = [
        await PingSeries.start(pods[0].namespace, pods[1].ipv4),
        await PingSeries.start(pods[1].namespace, pods[2].ipv6),
        await PingSeries.start(pods[2].namespace, pods[0].ipv4),
      ];
      return running;
    }

    async function lostOf(series: readonly PingSeries[]): Promise<number> {
      const counts = await Promise.all(series.map((pings) => pings.stop()));
      running = [];
      expect(Math.min(...counts.map(({ sent }) => sent))).toBeGreaterThan(500);
      return counts.reduce((sum, { lost }) => sum + lost, 0);
    }
  },
);

function meshOf(name: string): string[] {
  const others = ['node-1', 'node-2', 'node-3'].filter((other) => other !== name);
  return others.flatMap((other) => [`mesh/${other}`, `mesh/${other}/ipv6`]);
}

/** The reflectors beside the mesh: the first of two steps. */
function withMesh(values: typeof REFLECTORS): object {
  return { ...values, bgp: { ...values.bgp, configuration: { nodeToNodeMeshEnabled: true } } };
}

/** How long a node's containers take depends on the machine, so this is counted and told, not judged. */
function report(when: string, lost: number): void {
  process.stderr.write(`lost ${when}: ${lost} packets of three 5 ms pings\n`);
}
