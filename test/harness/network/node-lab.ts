/**
 * A small cluster in network namespaces, as packets see it: nodes on one subnet or two with a router between, pods
 * behind them, and a host beyond the router. Only what a network and a CNI plugin would bring is made here; routes to
 * pods, tunnels and everything else on the nodes is left to the daemons.
 */
import { spawnSync } from 'node:child_process';
import { type NamespaceReference, NetworkNamespace } from '../process/network-namespace.ts';
import { type CommandResult, runCommand } from '../process/run-command.ts';

export interface LabNode {
  readonly name: string;
  readonly namespace: NetworkNamespace;
  /** Number of the subnet, from 1. */
  readonly subnet: number;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly blocks: { readonly ipv4: string; readonly ipv6: string };
  readonly tunnelAddresses: { readonly ipip: string; readonly vxlan: string; readonly vxlanV6: string };
  readonly pod: LabPod;
}

export interface LabPod {
  readonly name: string;
  readonly namespace: NetworkNamespace;
  readonly interfaceName: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface LabOptions {
  /** The subnet of each node. */
  readonly subnets: readonly number[];
}

const HOST_MAC = 'ee:ee:ee:ee:ee:ee';
/** Link-local address that follows from HOST_MAC: the IPv6 gateway of pods. */
const HOST_LINK_LOCAL = 'fe80::ecee:eeff:feee:eeee';

export class NodeLab {
  readonly router = new NetworkNamespace('router', []);
  /** Behind the router: what is outside of the cluster. */
  readonly outside = new NetworkNamespace('outside', []);
  readonly nodes: readonly LabNode[];

  constructor({ subnets }: LabOptions) {
    for (const subnet of new Set(subnets)) this.#makeSubnet(subnet);
    this.#makeOutside();
    inside(this.router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    this.nodes = subnets.map((subnet, i) => this.#makeNode(i + 1, subnet));
  }

  node(name: string): LabNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  remove(): void {
    const pods = this.nodes.map(({ pod }) => pod.namespace);
    const nodes = this.nodes.map(({ namespace }) => namespace);
    for (const namespace of [...pods, ...nodes, this.outside, this.router]) namespace.remove();
  }

  #makeSubnet(subnet: number): void {
    const { router } = this;
    ip(router, `link add br${subnet} type bridge`);
    ip(router, `link set br${subnet} up`);
    ip(router, `addr add 10.0.${subnet}.254/24 dev br${subnet}`);
    ip(router, `addr add fd00:${subnet}::fe/64 dev br${subnet} nodad`);
  }

  #makeOutside(): void {
    ip(this.router, `link add out type veth peer name eth0 netns ${this.outside.name}`);
    ip(this.router, 'link set out up');
    ip(this.router, 'addr add 10.0.9.254/24 dev out');
    ip(this.router, 'addr add fd00:9::fe/64 dev out nodad');
    ip(this.outside, 'link set eth0 up');
    ip(this.outside, 'addr add 10.0.9.1/24 dev eth0');
    ip(this.outside, 'addr add fd00:9::1/64 dev eth0 nodad');
    ip(this.outside, 'route add default via 10.0.9.254');
    ip(this.outside, '-6 route add default via fd00:9::fe');
  }

  #makeNode(number: number, subnet: number): LabNode {
    const name = `n${number}`;
    const namespace = new NetworkNamespace(name, []);
    const ipv4 = `10.0.${subnet}.${number}`;
    const ipv6 = `fd00:${subnet}::${number}`;
    ip(this.router, `link add ${name} type veth peer name eth0 netns ${namespace.name}`);
    ip(this.router, `link set ${name} up master br${subnet}`);
    ip(namespace, 'link set eth0 up');
    ip(namespace, `addr add ${ipv4}/24 dev eth0`);
    ip(namespace, `addr add ${ipv6}/64 dev eth0 nodad`);
    ip(namespace, `route add default via 10.0.${subnet}.254`);
    ip(namespace, `-6 route add default via fd00:${subnet}::fe`);
    return {
      name,
      namespace,
      subnet,
      ipv4,
      ipv6,
      blocks: { ipv4: `10.65.${number}.0/26`, ipv6: `fd65:0:0:${number}::/122` },
      tunnelAddresses: {
        ipip: `10.65.${number}.1`,
        vxlan: `10.65.${number}.2`,
        vxlanV6: `fd65:0:0:${number}::2`,
      },
      pod: makePod(namespace, number),
    };
  }
}

function makePod(node: NetworkNamespace, number: number): LabPod {
  const name = `p${number}`;
  const namespace = new NetworkNamespace(name, []);
  const pod: LabPod = {
    name,
    namespace,
    interfaceName: `cali${number}`,
    mac: `02:00:00:00:0${number}:05`,
    ipv4: `10.65.${number}.5`,
    ipv6: `fd65:0:0:${number}::5`,
  };
  plugIn(node, pod);
  return pod;
}

/** What a CNI plugin does: a veth pair, the addresses of the pod, and its gateway. */
export function plugIn(node: NetworkNamespace, { namespace, interfaceName, mac, ipv4, ipv6 }: LabPod): void {
  ip(
    node,
    `link add ${interfaceName} address ${HOST_MAC} type veth peer name eth0 address ${mac} netns ${namespace.name}`,
  );
  ip(node, `link set ${interfaceName} up`);
  ip(namespace, 'link set eth0 up');
  ip(namespace, `addr add ${ipv4}/32 dev eth0`);
  ip(namespace, `addr add ${ipv6}/128 dev eth0 nodad`);
  ip(namespace, 'route add 169.254.1.1 dev eth0 scope link');
  ip(namespace, 'route add default via 169.254.1.1 dev eth0');
  ip(namespace, `-6 route add default via ${HOST_LINK_LOCAL} dev eth0`);
}

/** `ip` inside a namespace; words separated by spaces. @throws Error with what it said */
export function ip(namespace: NamespaceReference, command: string): string {
  return inside(namespace, 'ip', ...command.split(' '));
}

/** Runs a command inside a namespace. @throws Error with what it said */
export function inside(namespace: NamespaceReference, ...words: readonly string[]): string {
  const result = spawnSync('nsenter', [`--net=${namespace.path}`, '--', ...words], {
    encoding: 'utf8',
  });
  if (result.status !== 0)
    throw new Error(`${words.join(' ')}: ${result.stderr.trim() || result.stdout.trim()}`);
  return result.stdout;
}

/** The same, without holding up this process. */
export function insideLater(
  namespace: NamespaceReference,
  ...words: readonly string[]
): Promise<CommandResult> {
  return runCommand('nsenter', [`--net=${namespace.path}`, '--', ...words]);
}

/** Lines of `ip route show`, without trailing spaces. */
export function routes(namespace: NamespaceReference, family: 4 | 6, selector = ''): string[] {
  const shown = ip(namespace, `-${family} route show ${selector}`.trim());
  return shown
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
