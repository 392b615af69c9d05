/** Nodes of one cluster, each a speaker in a process of its own, all reading the same resources. */

import { pollUntil } from '../../harness/deadline.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { freePort } from '../../harness/process/free-port.ts';
import { ASN } from './reflector.ts';
import type { RouteStatus } from './shown.ts';

export interface ClusterNode {
  readonly name: string;
  /** Its address on the loopback interface. */
  readonly address: string;
  readonly ipv6Address?: string;
  /** Set: it reflects. */
  readonly clusterId?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ClusterOptions {
  readonly nodes: readonly ClusterNode[];
  readonly mesh: boolean;
  /** Further resources, given the port on which all nodes listen. */
  readonly resources: (port: number) => string;
  readonly asn?: number;
  /** Further fields of the BGPConfiguration `default`. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

export class Cluster {
  readonly port: number;
  readonly options: ClusterOptions;
  readonly daemons: ReadonlyMap<string, ManulDaemon>;

  private constructor(options: ClusterOptions, port: number, daemons: ReadonlyMap<string, ManulDaemon>) {
    this.options = options;
    this.port = port;
    this.daemons = daemons;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const port = await freePort(options.nodes[0]!.address);
    const files = { 'cluster.yaml': clusterYaml(options, port) };
    const daemons = await Promise.all(
      options.nodes.map(async ({ name }) => [name, await ManulDaemon.start({ node: name, files })] as const),
    );
    return new Cluster(options, port, new Map(daemons));
  }

  daemon(node: string): ManulDaemon {
    const daemon = this.daemons.get(node);
    if (daemon === undefined) throw new Error(`no node ${node}`);
    return daemon;
  }

  address(node: string): string {
    return this.options.nodes.find(({ name }) => name === node)!.address;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.daemons.values()].map((daemon) => daemon.stop()));
  }
}

function clusterYaml(options: ClusterOptions, port: number): string {
  const { nodes, mesh, resources, asn = ASN, configuration: more = {} } = options;
  const documents = nodes.map(({ name, address, ipv6Address, clusterId, labels = {} }) => {
    const bgp = {
      ipv4Address: `${address}/24`,
      ...(ipv6Address === undefined ? {} : { ipv6Address: `${ipv6Address}/64` }),
      ...(clusterId === undefined ? {} : { routeReflectorClusterID: clusterId }),
    };
    return `apiVersion: projectcalico.org/v3
kind: Node
metadata: ${JSON.stringify({ name, labels })}
spec: ${JSON.stringify({ bgp })}
`;
  });
  const configuration = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: ${JSON.stringify({ asNumber: asn, listenPort: port, bindMode: 'NodeIP', nodeToNodeMeshEnabled: mesh, ...more })}
`;
  return [configuration, ...documents, resources(port)].join('---\n');
}

/** An IPPool without encapsulation. */
export function poolYaml(cidr: string): string {
  return `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: ${nameOf(cidr)}}
spec: {cidr: "${cidr}", ipipMode: Never, vxlanMode: Never}
`;
}

/** The claim of a node on a block. */
export function affinityYaml(node: string, cidr: string): string {
  return `apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: ${node}-${nameOf(cidr)}}
spec: {cidr: "${cidr}", node: ${node}, state: confirmed, deleted: "false"}
`;
}

function nameOf(cidr: string): string {
  return `c-${cidr.replaceAll(/[./:]+/g, '-')}`;
}

/** The routes of `manul routes WORDS`, as soon as `check` accepts them. */
export function untilRoutes(
  daemon: ManulDaemon,
  check: (routes: readonly RouteStatus[]) => boolean,
  what: string,
  ...words: readonly string[]
): Promise<readonly RouteStatus[]> {
  return pollUntil(async () => {
    const routes = await daemon.read<readonly RouteStatus[]>('routes', ...words);
    return check(routes) ? routes : null;
  }, `routes: ${what}`);
}

/** Prefix by prefix the next hop of the best route. */
export function nextHops(routes: readonly RouteStatus[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    routes.filter(({ best }) => best).map(({ prefix, nextHop }) => [prefix, nextHop]),
  );
}
