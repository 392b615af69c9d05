/** A cluster of three nodes with Manul from our own image and chart, and pods that answer on each node. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { ClusterNode } from '../../harness/cluster/cluster-node.ts';
import { KubernetesCluster, POD_RANGE, POD_RANGE_V6 } from '../../harness/cluster/kubernetes-cluster.ts';
import { PAUSE_IMAGE, PROBE_IMAGE, PROBE_PORT, writeProbeImages } from '../../harness/cluster/probe-image.ts';
import { pollUntil } from '../../harness/deadline.ts';
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { insideLater, ip } from '../../harness/network/node-lab.ts';
import type { NamespaceReference } from '../../harness/process/network-namespace.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const ECHO = join(REPOSITORY, 'test/harness/network/echo.ts');
const IMAGE_DEADLINE_MS = 600_000;
const HELM_DEADLINE_MS = 300_000;
const NAMESPACE = 'manul-system';
const HTTP_PORT = 9179;

export const ASN = 64512;
export const HOST_PORT = 8007;
export const SERVICE_ADDRESS = '10.96.0.77';

export const POOL_V6 = { name: 'pods-v6', spec: { cidr: POD_RANGE_V6 } };

/** Values of the chart for all that happens here. */
const VALUES = {
  image: { repository: 'manul', tag: 'test', pullPolicy: 'Never' },
  bgp: { asNumber: ASN },
  pools: [{ name: 'pods', spec: { cidr: POD_RANGE } }, POOL_V6],
};

export interface ProbePod {
  readonly name: string;
  readonly node: ClusterNode;
  readonly namespace: NamespaceReference;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface ShownPeer {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly flaps: number;
  readonly since: string;
}

export class InstalledCluster {
  readonly cluster: KubernetesCluster;
  readonly #folder = new TempFolder('installed');

  private constructor(cluster: KubernetesCluster) {
    this.cluster = cluster;
  }

  /** Three nodes that have our image, and nothing of ours that runs. */
  static async start(): Promise<InstalledCluster> {
    const cluster = await KubernetesCluster.start({
      size: 3,
      pauseImage: PAUSE_IMAGE,
      writeImages: async (folder) => {
        const words = ['--output', join(folder, 'manul.tar'), '--tag', 'manul:test'];
        const options = { cwd: REPOSITORY, deadlineMs: IMAGE_DEADLINE_MS };
        await outputOf('npm', ['--silent', 'run', 'image', '--', ...words], options);
        return ['manul.tar', ...(await writeProbeImages(folder))];
      },
    });
    return new InstalledCluster(cluster);
  }

  node(name: string): ClusterNode {
    const found = this.cluster.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  /** `helm install` or `helm upgrade`, until all is rolled out. @param values beside those that never change */
  async helm(verb: 'install' | 'upgrade', values: object = {}): Promise<void> {
    const merged = {
      ...VALUES,
      ...values,
      bgp: { ...VALUES.bgp, ...('bgp' in values ? (values.bgp as object) : {}) },
    };
    const file = this.#folder.write('values.yaml', stringify(merged));
    const target = [
      verb,
      'manul',
      join(REPOSITORY, 'helm/manul'),
      '--namespace',
      NAMESPACE,
      '--create-namespace',
    ];
    const words = [...target, '--wait', '--timeout', '4m', '--values', file];
    try {
      await this.cluster.helm(words, { deadlineMs: HELM_DEADLINE_MS });
    } catch (error) {
      const logs = this.cluster.nodes.map((node) => node.logs());
      throw new Error(`${String(error)}\n${logs.join('\n')}`);
    }
  }

  /** JSON of the speaker of a node, asked on the loopback address there. */
  async shown<T>(node: ClusterNode, what: string): Promise<T> {
    const url = `http://127.0.0.1:${HTTP_PORT}/api/v1/${what}`;
    const script = 'fetch(process.argv[1]).then((answer) => answer.text()).then((text) => console.log(text))';
    return JSON.parse(
      await outputOf(process.execPath, ['-e', script, url], { namespace: node.namespace }),
    ) as T;
  }

  peers(node: ClusterNode): Promise<readonly ShownPeer[]> {
    return this.shown<readonly ShownPeer[]>(node, 'peers');
  }

  /** Resolves when a node has exactly these sessions, all of them established. @param names sorted */
  async hasSessions(node: ClusterNode, names: readonly string[]): Promise<readonly ShownPeer[]> {
    let seen = '';
    return pollUntil(
      async () => {
        const peers = (await this.peers(node)).filter(({ state }) => state === 'Established');
        seen = peers
          .map(({ name }) => name)
          .sort()
          .join(' ');
        if (seen !== names.join(' ')) throw new Error(`established: ${seen}`);
        return peers;
      },
      `sessions of ${node.name}: ${names.join(' ')}`,
      { deadlineMs: 120_000 },
    );
  }

  /** Starts a pod that answers on each node, with a host port and a service. */
  async startProbes(): Promise<readonly ProbePod[]> {
    await this.cluster.plane.admin.createAll([PROBES, SERVICE]);
    return Promise.all(this.cluster.nodes.map((node) => this.#probeOn(node)));
  }

  /** A single pod on a node. */
  async startPod(name: string, node: ClusterNode): Promise<ProbePod> {
    await this.cluster.plane.admin.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { ...POD, nodeName: node.name },
    });
    return this.#probeOn(node, `metadata.name=${name}`);
  }

  /** @returns name and source address, as the pod that answered says them */
  async ask(
    from: NamespaceReference,
    protocol: 'tcp' | 'udp',
    address: string,
    port = PROBE_PORT,
  ): Promise<string> {
    const words = [process.execPath, ECHO, 'ask', protocol, address, String(port)];
    const { stdout, stderr, status } = await insideLater(from, ...words);
    if (status !== 0) throw new Error(`${protocol} to ${address}:${port}: ${stderr || 'no answer'}`);
    return stdout.trim();
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    this.#folder.remove();
  }

  async #probeOn(node: ClusterNode, selector = 'status.phase=Running'): Promise<ProbePod> {
    const path = `/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName=${node.name},${selector}`;
    const { name, addresses } = await pollUntil(
      async () => {
        const list = (await this.cluster.plane.admin.must('GET', path)) as PodList;
        const pod = list.items[0];
        const addresses = (pod?.status.podIPs ?? []).map((entry) => entry.ip);
        const isReady = pod?.status.conditions?.some(
          ({ type, status }) => type === 'Ready' && status === 'True',
        );
        return pod !== undefined && isReady === true ? { name: pod.metadata.name, addresses } : null;
      },
      `a pod on ${node.name} answers`,
      { deadlineMs: 120_000 },
    );
    const [ipv4 = '', ipv6 = ''] = addresses;
    const namespace = node
      .podNamespaces()
      .find((candidate) => ip(candidate, 'addr show').includes(` ${ipv4}/32 `));
    if (namespace === undefined) throw new Error(`${node.name} has no network namespace with ${ipv4}`);
    return { name, node, namespace, ipv4, ipv6 };
  }
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly podIPs?: readonly { readonly ip: string }[];
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }[];
}

const LABELS = { app: 'probe' };
const CONTAINER = { name: 'probe', image: PROBE_IMAGE, imagePullPolicy: 'Never' };
const POD = { terminationGracePeriodSeconds: 1, containers: [CONTAINER] };

const PROBES: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'probe', namespace: 'default' },
  spec: {
    selector: { matchLabels: LABELS },
    template: {
      metadata: { labels: LABELS },
      spec: {
        ...POD,
        containers: [{ ...CONTAINER, ports: [{ containerPort: PROBE_PORT, hostPort: HOST_PORT }] }],
      },
    },
  },
};

const SERVICE: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'probe', namespace: 'default' },
  spec: { selector: LABELS, clusterIP: SERVICE_ADDRESS, ports: [{ port: PROBE_PORT }] },
};
