/**
 * A whole Kubernetes cluster: control plane, and nodes that run pods. It has no CNI plugin: its nodes are NotReady
 * until somebody installs one.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { pollUntil } from '../deadline.ts';
import type { KubernetesObject } from '../kubernetes/api-client.ts';
import { ControlPlane } from '../kubernetes/control-plane.ts';
import { kubeconfigText } from '../kubernetes/kubeconfig.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import { NamespacePort } from '../process/namespace-port.ts';
import { type CommandOptions, outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';
import { ClusterNode } from './cluster-node.ts';
import { Fabric } from './fabric.ts';
import { nodeFiles } from './node-files.ts';

export const POD_RANGE = '10.42.0.0/16';
export const POD_RANGE_V6 = 'fd42::/48';
const CONNECT_PROXY = fileURLToPath(new URL('../process/connect-proxy.ts', import.meta.url));
const API_PORT = 6443;
/** Of the service `kubernetes`. */
const API_SERVICE_ADDRESS = '10.96.0.1';
const READY_DEADLINE_MS = 180_000;

const CONTROLLERS = [
  ...['serviceaccount-controller', 'root-ca-certificate-publisher-controller', 'node-ipam-controller'],
  ...['namespace-controller', 'daemonset-controller', 'deployment-controller', 'replicaset-controller'],
  ...['endpointslice-controller', 'node-lifecycle-controller', 'garbage-collector-controller'],
  ...['pod-garbage-collector-controller', 'taint-eviction-controller'],
];

export interface ClusterOptions {
  /** Number of nodes. */
  readonly size: number;
  /** Name of the image that holds the namespaces of a pod. */
  readonly pauseImage: string;
  /** Puts image archives into a folder; every node imports those that it returns. */
  readonly writeImages: (folder: string) => Promise<readonly string[]>;
}

interface NodeStatus {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

type Undo = (() => Promise<void> | void)[];

export class KubernetesCluster {
  readonly plane: ControlPlane;
  readonly fabric: Fabric;
  readonly nodes: readonly ClusterNode[];
  /** Of the administrator, for commands on this machine. */
  readonly kubeconfig: string;
  readonly #folder: TempFolder;
  readonly #undo: Undo;

  private constructor(parts: {
    plane: ControlPlane;
    fabric: Fabric;
    nodes: readonly ClusterNode[];
    folder: TempFolder;
    undo: Undo;
  }) {
    this.plane = parts.plane;
    this.fabric = parts.fabric;
    this.nodes = parts.nodes;
    this.#folder = parts.folder;
    this.#undo = parts.undo;
    this.kubeconfig = parts.plane.kubeconfig('admin');
  }

  static async start(options: ClusterOptions): Promise<KubernetesCluster> {
    const undo: Undo = [];
    try {
      return await KubernetesCluster.#start(options, undo);
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  }

  static async #start(
    { size, pauseImage, writeImages }: ClusterOptions,
    undo: Undo,
  ): Promise<KubernetesCluster> {
    const folder = new TempFolder('cluster');
    undo.push(() => folder.remove());
    const images = folder.file('images');
    mkdirSync(images);
    const names = await writeImages(images);
    const kubelets = folder.file('kubelets.sock');
    const plane = await ControlPlane.start({
      addresses: [Fabric.ADDRESS, API_SERVICE_ADDRESS],
      controllers: CONTROLLERS,
      controllerManagerArguments: [
        ...['--allocate-node-cidrs', `--cluster-cidr=${POD_RANGE},${POD_RANGE_V6}`],
        '--node-cidr-mask-size-ipv4=24',
      ],
      scheduler: true,
      apiServerArguments: [
        `--egress-selector-config-file=${folder.write('egress.json', wayToKubelets(kubelets))}`,
        '--kubelet-preferred-address-types=InternalIP',
      ],
    });
    undo.push(() => plane.stop());
    const fabric = new Fabric();
    undo.push(() => fabric.remove());
    const inner = { address: Fabric.ADDRESS, port: API_PORT };
    const port = await NamespacePort.open(fabric.namespace, Number(new URL(plane.url).port), inner);
    undo.push(() => port.close());
    const proxy = await ChildDaemon.start('connect-proxy', process.execPath, [CONNECT_PROXY, kubelets], {
      namespace: fabric.namespace,
    });
    undo.push(() => proxy.stop());
    await plane.admin.create(apiEndpoint());
    const nodes: ClusterNode[] = [];
    for (let number = 1; number <= size; number += 1) {
      const node = await startNode(plane, fabric, number, images, pauseImage);
      nodes.push(node);
      undo.push(() => node.stop());
    }
    await Promise.all([
      ...nodes.map((node) => node.importImages(names)),
      ...nodes.map(({ name }) => registered(plane, name)),
    ]);
    return new KubernetesCluster({ plane, fabric, nodes, folder, undo });
  }

  /** Also `exec` and `logs`. */
  kubectl(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    return outputOf(kubernetesTool('kubectl'), ['--kubeconfig', this.kubeconfig, ...words], options);
  }

  helm(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    return outputOf(kubernetesTool('helm'), ['--kubeconfig', this.kubeconfig, ...words], {
      ...options,
      env: { ...process.env, HOME: this.#folder.path },
    });
  }

  async isReady(name: string): Promise<boolean> {
    const node = (await this.plane.admin.must('GET', `/api/v1/nodes/${name}`)) as NodeStatus;
    return node.status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  }

  async allReady(): Promise<void> {
    for (const { name } of this.nodes) {
      await pollUntil(async () => (await this.isReady(name)) || null, `node ${name} is Ready`, {
        deadlineMs: READY_DEADLINE_MS,
      });
    }
  }

  /** Everything that this machine had of it is gone afterwards. */
  async stop(): Promise<void> {
    await undoAll(this.#undo);
  }
}

/** The last first; nothing is left in it. */
async function undoAll(undo: Undo): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
}

async function startNode(
  plane: ControlPlane,
  fabric: Fabric,
  number: number,
  images: string,
  pauseImage: string,
): Promise<ClusterNode> {
  const name = `node-${number}`;
  const url = `https://${Fabric.ADDRESS}:${API_PORT}`;
  const kubelet = await plane.clientCredentials(name, `/O=system:nodes/CN=system:node:${name}`);
  const proxy = await plane.clientCredentials(`proxy-${number}`, '/CN=system:kube-proxy');
  return ClusterNode.start({
    name,
    ...fabric.plugIn(name, number),
    folder: new TempFolder(name),
    images,
    files: nodeFiles({
      pauseImage,
      runc: `${dirname(kubernetesTool('runc'))}/runc`,
      kubeletKubeconfig: kubeconfigText(url, kubelet),
      proxyKubeconfig: kubeconfigText(url, proxy),
      authority: readFileSync(plane.certificates.authority.certificate, 'utf8'),
      clusterCidr: `${POD_RANGE},${POD_RANGE_V6}`,
    }),
  });
}

/** The API server is outside of the fabric: it calls kubelets by a proxy there. @param socket of the proxy */
function wayToKubelets(socket: string): string {
  const transport = { uds: { udsName: socket } };
  return JSON.stringify({
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [{ name: 'cluster', connection: { proxyProtocol: 'HTTPConnect', transport } }],
  });
}

/** Where the service `kubernetes` leads: the API server itself would only know its loopback address. */
function apiEndpoint(): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [Fabric.ADDRESS], conditions: { ready: true } }],
    ports: [{ name: 'https', port: API_PORT, protocol: 'TCP' }],
  };
}

/** A kubelet makes its Node object some time after it has started. */
function registered(plane: ControlPlane, name: string): Promise<unknown> {
  return pollUntil(
    async () => (await plane.admin.request('GET', `/api/v1/nodes/${name}`)).status === 200 || null,
    `node ${name} is registered`,
    { deadlineMs: READY_DEADLINE_MS },
  );
}
